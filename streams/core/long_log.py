"""A log that is folded under other rules in pieces: bounded work for each, whatever the length of the log.

A piece goes from one segment to a later one, and a `Course` has both accumulators there. What a piece returns is what
the two folds seal within it, so an output may be cleared in one piece and put in another one, in either order.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from streams.core import course as limits
from streams.core.algebra import SortKey
from streams.core.course import Course
from streams.core.log import Log
from streams.core.members import encode_members
from streams.core.outputs import Outputs, Scope
from streams.core.segments import INDEX, SNAPSHOTS, Index, Item, Spilled, active_items, chunk_from, record_name

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder(enc_hook=encode_members).encode


class LongLog(Log[Item, Acc], eq=False, gc=False):
    """A log that other rules fold anew, at once or in pieces."""

    def is_long(self) -> bool:
        """Return whether a fold of the whole log takes pieces."""
        return self.head.spilled is not None and self.head.spilled.next_number > limits.LONG

    def is_far(self, position: SortKey) -> bool:
        """Return whether a fold from a position on takes pieces."""
        spilled = self.head.spilled
        if spilled is None or not self.is_long() or position > spilled.last_key:
            return False
        index = Index(self.records, self.key, spilled)
        index.reach(position, most=limits.LONG + 1)
        return len(index.numbers) - index.ordinal(position) > limits.LONG

    def again(self, former: Scope, course: Course | None = None) -> tuple[Outputs, Outputs]:
        """Fold everything anew, or a piece of it; return its outputs under the former scope and under the log's own.

        The last piece has the open outputs as well, and ends the course.
        """
        at = Course(is_again=True) if course is None else course
        is_test, spilled = self.head.tests > 0, self.head.spilled
        old, new = self._decoded(at.old, is_test=is_test), self._decoded(at.new, is_test=is_test)
        before, after = Outputs(), Outputs()
        limit = self.begin_piece()
        if spilled is not None:
            for chunk, place, number in self._left(spilled, at):
                if course is not None and self.is_past(limit):
                    course.chunk, course.place, course.old, course.new = chunk, place, _encode(old), _encode(new)
                    return before, after
                if chunk or place:
                    self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(new))
                segment = self.segment(number)
                self._both(active_items(segment.items, segment.inactive), old, new, former, before, after)
            self.head.base = _encode(new)
        self._both(active_items(self.tail, self.head.inactive), old, new, former, before, after)
        self.fold.project(old, former, before)
        self.fold.project(new, self.scope, after)
        self._acc, self._open, self._marks = new, None, []
        at.end()
        return before, after

    def begin_piece(self) -> int:
        """Begin a piece; return up to how much work it goes."""
        self.read = 0
        return self.work + limits.MOST_ITEMS

    def is_past(self, limit: int) -> bool:
        """Return whether a piece has folded or read enough."""
        return self.work >= limit or self.read >= limits.MOST_BYTES

    def _both(self, items: Iterator[Item], old: Acc, new: Acc, former: Scope, before: Outputs, after: Outputs) -> None:
        for item in items:
            self.fold.apply(old, item, former, before)
            self.fold.apply(new, item, self.scope, after)
            self.work += 2

    def _left(self, spilled: Spilled, course: Course) -> Iterator[tuple[int, int, int]]:
        """Yield (chunk, place in it, number) of the segments from the course's on."""
        begin = course.place
        for chunk in range(course.chunk, spilled.chunks):
            stored = self.records.get(record_name(INDEX, self.key, chunk))
            numbers = [] if stored is None else chunk_from(stored).numbers
            yield from ((chunk, place, numbers[place]) for place in range(begin, len(numbers)))
            begin = 0
