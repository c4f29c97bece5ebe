"""Plans: what a partition is about to do of its own accord, recorded before it does so.

Records come again after a crash in the same order. That time has passed, or that logs follow other rules, comes when a
worker looks at it: between other records than before the crash. A batch that was inserted and never committed would
then leave rows that nobody names again. So a plan is committed first, and carried out before any other record.
"""

from collections.abc import Sequence

import msgspec

from streams.core.course import Course
from streams.core.machine import Due
from streams.live.fold.deadlines import Deadlines

MOST_RECORDS = 20_000
"""Records that one batch takes at most: so many may come again after a crash."""
_BEHIND_ALL = 256
"""A rank behind those of all kinds."""


class Plan(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One of two things: let time pass up to a deadline, or bring logs up to date with the rules, up to a key.

    What is long of the latter is done in pieces: `course` has what one batch leaves to the next.
    """

    passes_to: Due | None = None
    settles_to: bytes = b""
    course: Course = msgspec.field(default_factory=Course)


encode = msgspec.msgpack.Encoder().encode
plan_from = msgspec.msgpack.Decoder(Plan).decode


def next_plan(unsettled: Sequence[bytes], deadlines: Deadlines, now: int, most: int) -> Plan | None:
    """Return what to do next: settle at most so many logs, else let time pass over so many deadlines; None for nothing.

    `now` is in microseconds.
    """
    if unsettled:
        return Plan(settles_to=unsettled[:most][-1])
    due = deadlines.due(now, most)
    if not due:
        return None
    return Plan(due[-1] if len(due) == most else (now, _BEHIND_ALL, b""))


def copied(course: Course) -> Course:
    """Return a course that a batch may change: one that is thrown away leaves the committed one as it was."""
    return msgspec.structs.replace(course, waiting=[*course.waiting])


class Repetition:
    """How many of the next records an earlier life, or a batch that was thrown away, may have taken before.

    While there may be any, nothing but records is taken: no new plan comes between them.
    """

    def __init__(self) -> None:
        self._left = MOST_RECORDS
        self._is_pending = False

    @property
    def is_over(self) -> bool:
        return self._left == 0

    def begin(self) -> None:
        """Learn that a batch begins. One that is pending was thrown away."""
        if self._is_pending:
            self._left = MOST_RECORDS
        self._is_pending = True

    def commit(self, records: int) -> None:
        """Learn that a batch of so many records is committed."""
        self._is_pending = False
        self._left = max(0, self._left - records)

    def end(self) -> None:
        """Learn that there is no record that was not committed."""
        self._left = 0
