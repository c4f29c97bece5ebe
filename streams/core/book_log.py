"""The log of a ledger: how edits that wait are made in pieces, in order of position.

Old and new entries are folded side by side from the first edit on. A piece ends before a segment: `Course` has both
accumulators there. Where more edits wait for one segment than a piece takes, the segment is divided behind the last of
them; so many entries that all come in one gap are no more than a piece each.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.course import IN_TAIL, Course
from streams.core.log import Change, Insertion, Stretch, record_of, size_of, stretch_of_segment
from streams.core.long_log import LongLog
from streams.core.members import encode_members
from streams.core.outputs import Outputs
from streams.core.segments import SEGMENTS, SNAPSHOTS, Index, Item, Spilled, add_last, record_name
from streams.core.waiting import Upcoming, Waiting

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder(enc_hook=encode_members).encode


class _Walk(msgspec.Struct, Generic[Acc], gc=False):
    """A piece under way: accumulators and outputs, old and new, and which segment is next; the tail has no index.

    `is_fresh` is true until something is folded, `are_all` where no more edits wait than `edits`.
    """

    old: Acc
    new: Acc
    index: Index | None
    ordinal: int
    edits: deque[Waiting]
    are_all: bool
    is_fresh: bool = True
    before: Outputs = msgspec.field(default_factory=Outputs)
    after: Outputs = msgspec.field(default_factory=Outputs)


class BookLog(LongLog[Item, Acc], eq=False, gc=False):
    """A log of entries."""

    def make(self, upcoming: Upcoming, decode: Callable[[bytes], Item], course: Course) -> tuple[Outputs, Outputs]:
        """Make as many edits that wait as a piece takes; return the outputs of what it folds, before and after.

        `decode` reads an entry. The last piece has the open outputs where they may differ, and ends the course.
        """
        walk = self._begun(upcoming, course)
        limit = self.begin_piece()
        while True:
            mine = self._edits_here(walk)
            is_known = walk.are_all or bool(walk.edits)
            if not mine and is_known and walk.old == walk.new:
                if walk.edits and walk.index is not None:
                    self._jump(walk)
                    continue
                course.end()
                break
            if not walk.is_fresh and (not is_known or self.is_past(limit)):
                self._stop(walk, course)
                break
            walk.is_fresh = False
            if mine:
                course.done = mine[-1].key
            change = _change_of(mine, decode)
            if walk.index is None:
                self._in_tail_of(walk, change, course, is_whole=is_known)
                break
            if not is_known:
                self._divide(walk, walk.index, change, course)
                break
            self._pass_segment(walk, walk.index, change)
        if walk.index is not None:
            walk.index.save()
        self.is_new = False
        return walk.before, walk.after

    def _begun(self, upcoming: Upcoming, course: Course) -> _Walk[Acc]:
        """Go on where a course is, or begin with the first edit."""
        is_test, spilled = self.head.tests > 0, self.head.spilled
        edits, are_all = deque(upcoming.edits), upcoming.are_all
        if course.at or course.place == IN_TAIL:
            old, new = self._decoded(course.old, is_test=is_test), self._decoded(course.new, is_test=is_test)
            walk = _Walk(old, new, None, 0, edits, are_all)
            if course.place != IN_TAIL:
                assert spilled is not None
                walk.index = Index(self.records, self.key, spilled)
                walk.index.reach(course.at)
                if course.place not in walk.index.numbers:  # an empty one of the same first position is behind it
                    walk.index.reach_all()
                walk.ordinal = walk.index.numbers.index(course.place)
            return walk
        base = self.head.base
        walk = _Walk(
            self._decoded(base, is_test=is_test), self._decoded(base, is_test=is_test), None, 0, edits, are_all
        )
        if spilled is not None and edits[0].key <= spilled.last_key:
            walk.index = Index(self.records, self.key, spilled)
            walk.index.reach(edits[0].key)
            self._jump(walk)
        return walk

    def _jump(self, walk: _Walk[Acc]) -> None:
        """Go to the segment of the next edit: nothing before it differs."""
        assert walk.index is not None
        assert self.head.spilled is not None
        index, is_test, key = walk.index, self.head.tests > 0, walk.edits[0].key
        walk.ordinal = len(index.numbers) if key > self.head.spilled.last_key else index.ordinal(key)
        walk.old, walk.new = (self._before(index, walk.ordinal, is_test=is_test) for _ in range(2))
        self._reach_tail(walk)

    def _reach_tail(self, walk: _Walk[Acc]) -> None:
        """Leave the index behind once the last segment is passed."""
        if walk.index is not None and walk.ordinal == len(walk.index.numbers):
            walk.index.save()
            walk.index = None

    def _edits_here(self, walk: _Walk[Acc]) -> list[Waiting]:
        """Take the edits of the next segment, or of the tail."""
        index, edits, mine = walk.index, walk.edits, []
        if index is None:
            mine = list(edits)
            edits.clear()
            return mine
        assert self.head.spilled is not None
        is_last = walk.ordinal + 1 == len(index.numbers)
        while edits and (
            edits[0].key <= self.head.spilled.last_key if is_last else edits[0].key < index.firsts[walk.ordinal + 1]
        ):
            mine.append(edits.popleft())
        return mine

    def _stop(self, walk: _Walk[Acc], course: Course) -> None:
        """Note where the next piece goes on: before this segment, of which no edit is made yet."""
        course.old, course.new = _encode(walk.old), _encode(walk.new)
        if walk.index is None:
            course.place, course.at = IN_TAIL, ()
        else:
            course.place, course.at = walk.index.numbers[walk.ordinal], walk.index.firsts[walk.ordinal]

    def _pass_segment(self, walk: _Walk[Acc], index: Index, change: Change) -> None:
        """Fold a segment, old and new."""
        spilled, place = self.head.spilled, walk.ordinal
        assert spilled is not None
        number = index.numbers[place]
        if walk.old != walk.new:
            self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(walk.new))
        segment = stretch_of_segment(self.segment(number))
        self._fold(walk.old, segment, walk.before)
        if not change.removed:
            self._fold(walk.new, segment, walk.after)
        else:
            segment = self._edited(segment, change)
            if segment.items:
                index.firsts[place] = self.fold.sort_key(segment.items[0])
            for each in self._put_segment(number, segment, (), walk.new, spilled, walk.after):
                walk.ordinal += 1
                index.add(walk.ordinal, *each)
        walk.ordinal += 1
        if not segment.items and len(index.numbers) > 1:
            walk.ordinal -= 1
            index.drop(walk.ordinal)
            for kind in (SEGMENTS, SNAPSHOTS):
                self.records.put(record_name(kind, self.key, number), None)
        self._reach_tail(walk)

    def _divide(self, walk: _Walk[Acc], index: Index, change: Change, course: Course) -> None:
        """Make edits of a segment for which more wait: it goes on behind the last of them, in the next piece."""
        spilled = self.head.spilled
        assert spilled is not None
        number = index.numbers[walk.ordinal]
        made, left = self._parted(stretch_of_segment(self.segment(number)), course.done)
        for each in self._new_segments(walk, made, change, spilled):
            index.add(walk.ordinal, *each)
            walk.ordinal += 1
        index.firsts[walk.ordinal] = self.fold.sort_key(left.items[0]) if left.items else (*course.done, "")
        self.records.put(record_name(SEGMENTS, self.key, number), record_of(left))
        self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(walk.new))
        self._stop(walk, course)

    def _in_tail_of(self, walk: _Walk[Acc], change: Change, course: Course, *, is_whole: bool) -> None:
        """Make edits of the tail; where more wait for it, it goes on behind the last of them, in the next piece."""
        head = self.head
        if is_whole:
            if head.spilled is not None:
                head.base = _encode(walk.new)
            self._refold_tail(change, walk.old, walk.new, walk.before, walk.after)
            self._spill_full()
            course.end()
            return
        made, left = self._parted(self._tail_stretch(), course.done)
        spilled = head.spilled or Spilled()
        for first, number in self._new_segments(walk, made, change, spilled):
            add_last(self.records, self.key, spilled, first, number)
            head.spilled = spilled
        self._put_tail(left)
        head.tail_bytes = sum(map(size_of, left.items))
        self._stop(walk, course)

    def _parted(self, stretch: Stretch[Item], last: Any) -> tuple[Stretch[Item], Stretch[Item]]:
        """Divide a stretch behind a position."""
        count = sum(self.fold.sort_key(each) <= last for each in stretch.items)
        return stretch.part(0, count), stretch.part(count, len(stretch.items))

    def _new_segments(
        self, walk: _Walk[Acc], old: Stretch[Item], change: Change, spilled: Spilled
    ) -> list[tuple[Any, int]]:
        """Write items with edits into segments of their own; return the first position and the number of each."""
        self._fold(walk.old, old, walk.before)
        edited = self._edited(old, change)
        if not edited.items:
            return []
        first, number, spilled.next_number = (
            self.fold.sort_key(edited.items[0]),
            spilled.next_number,
            spilled.next_number + 1,
        )
        self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(walk.new))
        added = self._put_segment(number, edited, (), walk.new, spilled, walk.after)
        spilled.last_key = max(spilled.last_key, self.fold.sort_key(edited.items[-1]))
        return [(first, number), *added]


def _change_of(edits: list[Waiting], decode: Callable[[bytes], Any]) -> Change:
    change = Change()
    for each in edits:
        change.removed.add(each.key)
        if each.entry:
            change.inserted[each.key] = Insertion(decode(each.entry), size=len(each.entry))
    return change
