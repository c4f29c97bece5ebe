"""The course of folds in pieces: all that one batch leaves to the next."""

import msgspec

from streams.core.algebra import SortKey

LONG = 64
"""A fold over more segments than this is done in pieces. A test may lower it."""
MOST_ITEMS = 4_000
"""A piece ends with the segment in which it has folded so many items, old and new ones. A test may lower it."""
MOST_EDITS = 2_000
"""A piece makes so many edits that wait, at most. A test may lower it."""
MOST_BYTES = 4 << 20
"""A piece ends with the segment in which it has read so many bytes of segments."""
IN_TAIL = -1


class Course(msgspec.Struct, array_like=True, gc=False):
    """Folds in pieces of one partition. At most one log is under way.

    `waiting` are keys of ledgers whose edits wait, `folds` numbers the folds that make edits wait. `key` is the log
    that is under way, empty for none; `is_again` says that it follows other rules, otherwise edits that wait are made.
    `version` is the first one of rows of the life in which that fold began, -1 before its first piece: all its pieces
    write under it. Under other rules `chunk` and `place` say which segment is next. For edits, `place` is the number of
    the next segment, IN_TAIL for the tail, and `at` a position in it; all edits up to `done` are made. `old` and `new`
    are the accumulators there, empty for the beginning. `pieces` counts those that are done.
    """

    waiting: list[bytes] = []
    folds: int = 0
    key: bytes = b""
    is_again: bool = False
    version: int = -1
    chunk: int = 0
    place: int = 0
    at: SortKey = ()
    done: SortKey = ()
    old: bytes = b""
    new: bytes = b""
    pieces: int = 0

    def begin(self, key: bytes, *, is_again: bool) -> None:
        """Let a log be under way, from its beginning."""
        self.key, self.is_again, self.version = key, is_again, -1
        self.chunk, self.place, self.at, self.done, self.old, self.new = 0, 0, (), (), b"", b""
        self.folds += 1

    def end(self) -> None:
        """Let no log be under way."""
        if not self.is_again:
            self.waiting.remove(self.key)
        self.key = self.old = self.new = b""

    @property
    def has_begun(self) -> bool:
        """Return whether a piece of the log under way is done."""
        return self.version >= 0

    @property
    def is_over(self) -> bool:
        """Return whether nothing is under way, and no edits wait."""
        return not self.key and not self.waiting
