"""A log and its fold: outputs of an item at the end, and of edits anywhere before it.

An item at the end is applied to the accumulator there; what it costs does not depend on what came before. An edit
further back folds the old items and the new ones side by side from the segment it falls into, and stops where the two
accumulators are equal again: nothing behind differs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

import msgspec

from streams.core import segments
from streams.core.algebra import SortKey, fingerprints_in
from streams.core.kept import Kept
from streams.core.members import decode_members, encode_members
from streams.core.outputs import Edits, Outputs, Scope
from streams.core.segments import (
    SEGMENTS,
    SNAPSHOTS,
    Head,
    Index,
    Item,
    Records,
    Segment,
    Spilled,
    active_items,
    add_last,
    record_name,
)

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder(enc_hook=encode_members).encode
MOST_MARKS = 3
NO_OUTPUTS = Outputs()
"""Of a log without items. Never changed."""


In_contra = TypeVar("In_contra", contravariant=True)


class Codec(NamedTuple):
    """Decoders of a log's records, whether its accumulators have members, and whether its head keeps the last one.

    `copy` copies an accumulator, where that is cheap. Where the last accumulator is kept, the items of the tail stay as
    they are encoded (`item` decodes them): nobody reads them but who edits the tail.
    """

    head: Callable[[bytes], Any]
    segment: Callable[[bytes], Any]
    accumulator: Callable[[bytes], Any]
    has_members: bool = False
    keeps_end: bool = False
    copy: Callable[[Any], Any] | None = None
    item: Callable[[Any], Any] | None = None


class Mark(NamedTuple):
    """The accumulator as it was before the item at a place of the tail: in memory alone."""

    place: int
    accumulator: Any


class Fold(Protocol[In_contra, Acc]):
    """The fold of a log. See `streams.core.machine.Reducer`, which explains each part."""

    @property
    def codec(self) -> Codec: ...

    def begin(self, is_test: bool, /) -> Acc: ...

    def apply(self, acc: Acc, item: In_contra, scope: Scope, sealed: Outputs | None, /) -> None: ...

    def project(self, acc: Acc, scope: Scope, outputs: Outputs, /) -> None: ...

    def sort_key(self, item: In_contra, /) -> SortKey: ...


def codec_of(
    item_type: Any, accumulator: Any, *, keeps_end: bool = False, copy: Callable[[Any], Any] | None = None
) -> Codec:
    """Return the decoders for logs of one type of item and accumulator."""
    decode = msgspec.msgpack.Decoder(accumulator, dec_hook=decode_members).decode
    head, segment = segments.decoders(item_type)
    item = None
    if keeps_end:
        head, item = segments.decoders(msgspec.Raw)[0], msgspec.msgpack.Decoder(item_type).decode
    return Codec(head, segment, decode, "members" in accumulator.__struct_fields__, keeps_end, copy, item)


def size_of(item: Any) -> int:
    """Return the length of an item in a record, in bytes."""
    return len(_encode(item))


class Insertion(msgspec.Struct, Generic[Item], frozen=True, gc=False):
    """An item that a log gets, and its length in bytes. An inactive one is kept and does not count."""

    item: Item
    fingerprint: bytes = b""
    is_active: bool = True
    size: int = 0


class Change(msgspec.Struct, gc=False):
    """Edits of a log: items to put in, by position, positions that count from now on or no longer, items to remove.

    `replaced` are items that take the place of those at their positions, and count as these do.
    """

    inserted: dict[SortKey, Any] = msgspec.field(default_factory=dict)
    flipped: dict[SortKey, bool] = msgspec.field(default_factory=dict)
    removed: set[SortKey] = msgspec.field(default_factory=set)
    replaced: dict[SortKey, Any] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, edits: Edits) -> "Change":
        """Return the change of a ledger, whose items have no fingerprints and all count."""
        inserted = {key: Insertion(entry, size=size_of(entry)) for key, entry in edits.put.items()}
        return cls(inserted, {}, edits.cleared)

    def keys(self) -> list[SortKey]:
        return [*self.inserted, *self.flipped, *self.removed, *self.replaced]


class Stretch(msgspec.Struct, Generic[Item], gc=False):
    """Items of one segment, or of the tail, while it is worked on."""

    items: list[Item]
    active: list[bool]
    fingerprints: list[bytes]

    def part(self, begin: int, end: int) -> "Stretch[Item]":
        return Stretch(self.items[begin:end], self.active[begin:end], self.fingerprints[begin:end])


class Log(msgspec.Struct, Generic[Item, Acc], eq=False, gc=False):
    """One log during a batch.

    Its head is read once and written at the end of the batch; all other records go to `records` at once. `work` counts
    the items that were folded, `read` the bytes of segments that were read. Nothing that a log refers to refers back to
    it, so the search for cycles leaves it out.
    """

    fold: Fold[Item, Acc]
    key: bytes
    records: Records
    scope: Scope
    head: Head[Item]
    is_new: bool
    is_changed: bool = False
    work: int = 0
    read: int = 0
    _acc: Acc | None = None
    _open: Outputs | None = None
    _marks: list[Mark] = msgspec.field(default_factory=list)
    _last: SortKey = ()

    @classmethod
    def opened(cls, fold: Fold[Item, Acc], key: bytes, records: Records, scope: Scope) -> Self:
        """Return the log whose head lies under a key; an empty one where there is none."""
        stored = records.get(key)
        if stored is None:
            return cls(fold, key, records, scope, Head(), is_new=True)
        head: Head[Item] = fold.codec.head(stored)
        if head.passed:
            scope = Scope(scope.rules, head.passed)
        return cls(fold, key, records, scope, head, is_new=False)

    @classmethod
    def resumed(cls, fold: Fold[Item, Acc], key: bytes, records: Records, scope: Scope, kept: Kept) -> Self:
        """Return the log that was kept in memory; what it listed stands under the rules of then."""
        head = kept.head
        if head.passed:
            scope = Scope(scope.rules, head.passed)
        log = cls(fold, key, records, scope, head, is_new=False)
        log._acc = kept.accumulator
        if kept.scope.rules is scope.rules and kept.scope.passed == scope.passed:
            log._open = kept.listed
        log._marks = kept.marks
        return log

    def kept(self, record: bytes) -> Kept:
        """Return what there is to keep of a log that was written as a record; nobody works on it any more."""
        self.head.end = b""
        return Kept(record, self.head, self._acc, self.scope, self._open, self._marks[-2:])

    @property
    def last_key(self) -> SortKey:
        """The greatest position; empty where there is none."""
        head, item = self.head, self.fold.codec.item
        if not head.tail:
            return () if head.spilled is None else head.spilled.last_key
        if item is None:
            return self.fold.sort_key(head.tail[-1])
        if not self._last:
            self._last = self.fold.sort_key(item(head.tail[-1]))
        return self._last

    @property
    def tail(self) -> Sequence[Item]:
        """The items of the tail."""
        item = self.fold.codec.item
        return self.head.tail if item is None else [item(each) for each in self.head.tail]

    def _tail_stretch(self) -> "Stretch[Item]":
        """Return the tail, to be worked on."""
        return stretch_of(self.tail, self.head.inactive, self.head.fingerprints)

    def accumulator(self) -> Acc:
        """Return the accumulator at the end."""
        if self.is_new:
            self._acc = self._decoded(b"", is_test=self.head.tests > 0)
        if self._acc is None and self.head.end:
            self._acc = self._decoded(self.head.end, is_test=self.head.tests > 0)
        if self._acc is None:
            acc = self._decoded(self.head.base, is_test=self.head.tests > 0)
            self.work += len(self.head.tail)
            for item in active_items(self.tail, self.head.inactive):
                self.fold.apply(acc, item, self.scope, None)
            self._acc = acc
        return self._acc

    def keep_end(self) -> None:
        """Keep the last accumulator in the head, where it belongs there."""
        if self.fold.codec.keeps_end:
            self.head.end = _encode(self.accumulator())

    def projected(self) -> Outputs:
        """Return the outputs that later items may still change. Nobody may change what is returned."""
        if self._open is None:
            self._open = Outputs()
            if not self.is_new:
                self.fold.project(self.accumulator(), self.scope, self._open)
        return self._open

    def pass_to(self, scope: Scope) -> None:
        """Let time pass: go on in another scope."""
        self.scope, self._open = scope, None

    def append(self, item: Item, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        """Add an active item behind all others; return the outputs it can change, before and after."""
        return self.extend((item,), fingerprint, size)

    def extend(self, items: Sequence[Item], fingerprints: bytes, size: int) -> tuple[Outputs, Outputs]:
        """Add active items, in order, behind all others; return the outputs that they can change, before and after.

        `size` is the length of all of them in bytes; 0 where the log encodes them anyway.
        """
        head, fold, scope = self.head, self.fold, self.scope
        packed: Sequence[Any] = items
        if fold.codec.item is not None:
            packed = [msgspec.Raw(_encode(item)) for item in items]
            size, self._last = sum(map(len, packed)), fold.sort_key(items[-1])
        acc = self.accumulator()
        before = NO_OUTPUTS if self.is_new else self.projected()
        after = still_open = Outputs()
        copy = fold.codec.copy
        if copy is not None and not self.is_new:
            self._marks = [*self._marks[1 - MOST_MARKS :], Mark(len(head.tail), copy(acc))]
        self.is_new = False
        self.work += len(items)
        room = segments.SEGMENT - len(head.tail)
        while len(items) > room and head.tail_bytes + size <= segments.TAIL_BYTES:
            # A tail that is spilled as it becomes full has its accumulator at hand, and is not folded for it again.
            for item in items[:room]:
                fold.apply(acc, item, scope, after)
            prints = room * (len(fingerprints) // len(items))
            head.tail = (*head.tail, *packed[:room])
            head.fingerprints += fingerprints[:prints]
            items, fingerprints, packed = items[room:], fingerprints[prints:], packed[room:]
            size = sum(map(size_of, packed))
            self._spill()
            room = segments.SEGMENT
        for item in items:
            fold.apply(acc, item, scope, after)
        if not after.is_empty():
            still_open = Outputs()
        fold.project(acc, scope, still_open)
        self._open = still_open
        if after is not still_open:
            after = still_open.behind(after)
        head.tail = (*head.tail, *packed)
        head.fingerprints += fingerprints
        head.tail_bytes += size
        if len(head.tail) >= segments.SEGMENT or head.tail_bytes > segments.TAIL_BYTES:
            self._spill_full()
        return before, after

    def change(self, change: Change, tests: int | None = None) -> tuple[Outputs, Outputs]:
        """Apply edits anywhere; return the outputs that they can change, before and after.

        `tests` is how many active test events there are from now on; None leaves it.
        """
        was_test = self.head.tests > 0
        if tests is not None:
            self.head.tests = tests
        is_test = self.head.tests > 0
        spilled = self.head.spilled
        keys = change.keys()
        first = min(keys) if keys else ()
        if spilled is None or (was_test == is_test and first > spilled.last_key):
            before, after = self._in_tail(change, was_test=was_test, is_test=is_test)
        else:
            before, after = self._refold(change, spilled, was_test=was_test, is_test=is_test)
        self.is_new = False
        self._spill_full()
        return before, after

    def every_item(self) -> Iterable[tuple[Item, bool]]:
        """Yield every item in order, and whether it counts. Reads all segments."""
        if self.head.spilled is not None:
            index = Index(self.records, self.key, self.head.spilled)
            index.reach_all()
            for segment in map(self.segment, index.numbers):
                yield from _with_activity(segment.items, segment.inactive)
        yield from _with_activity(self.tail, self.head.inactive)

    def between(self, first: SortKey, last: SortKey) -> Iterator[Item]:
        """Yield the items at positions from `first` to `last`, in order; read only segments that they lie in."""
        key_of, spilled = self.fold.sort_key, self.head.spilled
        if spilled is not None and first <= spilled.last_key:
            index = Index(self.records, self.key, spilled)
            index.reach(first)
            for ordinal in range(index.ordinal(first), len(index.numbers)):
                if index.firsts[ordinal] > last:
                    return
                yield from (
                    each for each in self.segment(index.numbers[ordinal]).items if first <= key_of(each) <= last
                )
        if first <= self.last_key:
            yield from (each for each in self.tail if first <= key_of(each) <= last)

    def segment(self, number: int) -> Segment[Item]:
        """Read a segment. Raises KeyError where the store has lost it."""
        stored = self.records.get(record_name(SEGMENTS, self.key, number))
        if stored is None:
            raise KeyError(f"segment {number} of {self.key!r}")
        self.read += len(stored)
        found: Segment[Item] = self.fold.codec.segment(stored)
        return found

    def _decoded(self, snapshot: bytes, *, is_test: bool) -> Acc:
        acc: Any = self.fold.codec.accumulator(snapshot) if snapshot else self.fold.begin(is_test)
        if self.fold.codec.has_members:
            acc.members.bind(self.records, self.key)
        return acc  # type: ignore[no-any-return] # the codec is that of the fold

    def _in_tail(self, change: Change, *, was_test: bool, is_test: bool) -> tuple[Outputs, Outputs]:
        """Fold the old tail and the new one, from the first edit where accumulators are cheap to copy."""
        before, after = Outputs(), Outputs()
        copy = self.fold.codec.copy
        if copy is not None and was_test == is_test:
            mark = self._mark_before(change, copy, is_test=is_test)
            old, new = copy(mark.accumulator), copy(mark.accumulator)
            self._refold_tail(change, old, new, before, after, mark)
        else:
            old, new = self._decoded(self.head.base, is_test=was_test), self._decoded(self.head.base, is_test=is_test)
            self._refold_tail(change, old, new, before, after)
        return Outputs() if self.is_new else before, after

    def _mark_before(self, change: Change, copy: Callable[[Any], Any], *, is_test: bool) -> Mark:
        """Return a mark before the first edit; what lies before that is folded once, from the last mark there."""
        key_of, tail, first = self.fold.sort_key, self.tail, min(change.keys())
        place = sum(key_of(item) < first for item in tail)
        known: Mark | None = next((each for each in reversed(self._marks) if each.place <= place), None)
        if known is not None and known.place == place:
            return known
        acc = self._decoded(self.head.base, is_test=is_test) if known is None else copy(known.accumulator)
        begin = 0 if known is None else known.place
        self.work += place - begin
        for item in tail[begin:place]:
            self.fold.apply(acc, item, self.scope, None)
        return Mark(place, acc)

    def _refold(self, change: Change, spilled: Spilled, *, was_test: bool, is_test: bool) -> tuple[Outputs, Outputs]:
        """Fold old and new side by side from the segments that are edited, each time until they are equal again."""
        index = Index(self.records, self.key, spilled)
        if was_test != is_test:
            index.reach_all()
        else:
            index.reach(min(change.keys()))
        parts = self._divided(change, index, spilled)
        first = 0 if was_test != is_test else min(parts)
        last = max(parts, default=0)
        old, new = (self._before(index, first, is_test=each) for each in (was_test, is_test))
        before, after = Outputs(), Outputs()
        added: list[tuple[int, SortKey, int]] = []
        count = len(index.numbers)
        ordinal = first
        while ordinal < count:
            if ordinal not in parts and old == new:
                ordinal = min((each for each in parts if each > ordinal), default=-1)
                if ordinal < 0:
                    break
                old, new = (self._before(index, ordinal, is_test=each) for each in (was_test, is_test))
                continue
            number = index.numbers[ordinal]
            if ordinal > first and old != new:
                self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(new))
            segment = stretch_of_segment(self.segment(number))
            self._fold(old, segment, before)
            if ordinal in parts:
                segment = self._edited(segment, parts[ordinal])
                index.firsts[ordinal] = self.fold.sort_key(segment.items[0]) if segment.items else index.firsts[ordinal]
                added.extend(
                    (ordinal + 1, *each)
                    for each in self._put_segment(number, segment, parts[ordinal].inserted, new, spilled, after)
                )
            else:
                self._fold(new, segment, after)
            ordinal += 1
        if last == count or old != new or not parts:
            self.head.base = _encode(new)
            self._refold_tail(parts.get(count), old, new, before, after)
        for place, key, number in reversed(added):
            index.add(place, key, number)
        index.save()
        return before, after

    def _refold_tail(
        self, change: Change | None, old: Acc, new: Acc, before: Outputs, after: Outputs, mark: Mark | None = None
    ) -> None:
        """Fold the old tail and the new one on, from the accumulators before it, or from a mark.

        With a mark, what the old one lists at its end is what the log does.
        """
        begin = 0 if mark is None else mark.place
        tail, marks = self._tail_stretch(), [each for each in self._marks if each.place < begin]
        self._fold(old, tail.part(begin, len(tail.items)) if begin else tail, before)
        if mark is None:
            self.fold.project(old, self.scope, before)
        else:
            self.projected().behind(before)
        edited = tail
        if change is not None:
            edited = self._edited(tail, change)
            self.head.tail_bytes += self._growth(tail, change)
        self._fold(new, edited.part(begin, len(edited.items)) if begin else edited, after)
        still_open = Outputs()
        self.fold.project(new, self.scope, still_open)
        still_open.behind(after)
        self._put_tail(edited)
        self._acc, self._open = new, None if mark is None else still_open
        if mark is not None:
            self._marks = [*marks[1 - MOST_MARKS :], mark]

    def _before(self, index: Index, ordinal: int, *, is_test: bool) -> Acc:
        """Return the accumulator before a segment, or before the tail."""
        if ordinal >= len(index.numbers):
            return self._decoded(self.head.base, is_test=is_test)
        if ordinal == 0 and index.is_whole:
            return self._decoded(b"", is_test=is_test)
        return self._decoded(
            self.records.get(record_name(SNAPSHOTS, self.key, index.numbers[ordinal])) or b"", is_test=is_test
        )

    def _divided(self, change: Change, index: Index, spilled: Spilled) -> dict[int, Change]:
        """Return the edits by segment; those of the tail stand behind the last one."""
        parts: dict[int, Change] = {}

        def part(key: SortKey) -> Change:
            ordinal = len(index.numbers) if key > spilled.last_key else index.ordinal(key)
            return parts.setdefault(ordinal, Change())

        for key, insertion in change.inserted.items():
            part(key).inserted[key] = insertion
        for key, is_active in change.flipped.items():
            part(key).flipped[key] = is_active
        for key in change.removed:
            part(key).removed.add(key)
        for key, item in change.replaced.items():
            part(key).replaced[key] = item
        return parts

    def _fold(self, acc: Acc, stretch: Stretch[Item], outputs: Outputs | None) -> None:
        self.work += len(stretch.items)
        for item, is_active in zip(stretch.items, stretch.active, strict=True):
            if is_active:
                self.fold.apply(acc, item, self.scope, outputs)

    def _edited(self, stretch: Stretch[Item], change: Change) -> Stretch[Item]:
        """Return a stretch with edits. Raises ValueError where an item would take the place of another one."""
        key_of = self.fold.sort_key
        entries: dict[SortKey, tuple[Item, bool, bytes]] = {}
        for item, is_active, fingerprint in zip(stretch.items, stretch.active, stretch.fingerprints, strict=True):
            key = key_of(item)
            if key not in change.removed:
                entries[key] = (change.replaced.get(key, item), change.flipped.get(key, is_active), fingerprint)
        for key, insertion in change.inserted.items():
            if key in entries:
                raise ValueError(f"two items of {self.key!r} have the position {key}")
            entries[key] = (insertion.item, insertion.is_active, insertion.fingerprint)
        ordered = [entries[key] for key in sorted(entries)]
        return Stretch([each[0] for each in ordered], [each[1] for each in ordered], [each[2] for each in ordered])

    def _growth(self, tail: Stretch[Item], change: Change) -> int:
        """Return by how many bytes edits make the tail longer."""
        key_of, removed = self.fold.sort_key, change.removed
        added: int = sum(each.size for each in change.inserted.values())
        return added - sum(size_of(item) for item in tail.items if removed and key_of(item) in removed)

    def _put_tail(self, tail: Stretch[Item]) -> None:
        head, items = self.head, tail.items
        packed: Sequence[Any] = items
        if self.fold.codec.item is not None:
            packed = [msgspec.Raw(_encode(item)) for item in items]
        head.tail, head.inactive, head.end, self._last = tuple(packed), _inactive(tail), b"", ()
        self._marks = []
        head.fingerprints = b"".join(tail.fingerprints)

    def _put_segment(
        self,
        number: int,
        stretch: Stretch[Item],
        came: Collection[SortKey],
        acc: Acc,
        spilled: Spilled,
        after: Outputs,
    ) -> list[tuple[SortKey, int]]:
        """Fold and write a segment that was edited, as several where it has grown; return those that are new."""
        record = record_of(stretch)
        if len(stretch.items) <= 2 * segments.SEGMENT and len(record) <= 2 * segments.TAIL_BYTES:
            self._fold(acc, stretch, after)
            self._write(number, stretch, came, record)
            return []
        added: list[tuple[SortKey, int]] = []
        for place, piece in enumerate(_pieces(stretch)):
            if place:
                number, spilled.next_number = spilled.next_number, spilled.next_number + 1
                self.records.put(record_name(SNAPSHOTS, self.key, number), _encode(acc))
                added.append((self.fold.sort_key(piece.items[0]), number))
            self._fold(acc, piece, after)
            self._write(number, piece, came, record_of(piece))
        return added

    def _write(self, number: int, stretch: Stretch[Item], came: Collection[SortKey] | None, record: bytes) -> None:
        """Write the record of a segment. `came` are positions of items that were in none before; None for all."""
        self.records.put(record_name(SEGMENTS, self.key, number), record)
        self.placed(number, stretch.items, came)

    def placed(self, number: int, items: Sequence[Item], came: Collection[SortKey] | None) -> None:
        """Learn that items now lie in a segment; those at the positions `came` (None: all) were in none before."""

    def _spill_full(self) -> None:
        """Move a full tail into segments."""
        head = self.head
        while len(head.tail) >= segments.SEGMENT or (head.tail_bytes > segments.TAIL_BYTES and head.tail):
            self._spill()

    def _spill(self) -> None:
        head = self.head
        acc = self.accumulator()
        if head.spilled is None:
            head.spilled = Spilled()
            self.began_to_spill()
        tail = self._tail_stretch()
        spilled = head.spilled
        size = min(len(tail.items), segments.SEGMENT)
        if head.tail_bytes > segments.TAIL_BYTES:
            size = _fitting(tail.items)
        whole = len(tail.items) == size
        piece = tail if whole else tail.part(0, size)
        number, spilled.next_number = spilled.next_number, spilled.next_number + 1
        if head.base:
            self.records.put(record_name(SNAPSHOTS, self.key, number), head.base)
        add_last(self.records, self.key, spilled, self.fold.sort_key(piece.items[0]), number)
        spilled.last_key = self.fold.sort_key(piece.items[-1])
        self._write(number, piece, None, record_of(piece))
        if whole:
            head.base = _encode(acc)
            head.tail, head.inactive, head.fingerprints, head.tail_bytes = (), (), b"", 0
            self._marks = []
            return
        before = self._decoded(head.base, is_test=head.tests > 0)
        self._fold(before, piece, None)
        head.base = _encode(before)
        rest = tail.part(size, len(tail.items))
        head.tail_bytes = sum(map(size_of, rest.items))
        self._put_tail(rest)

    def began_to_spill(self) -> None:
        """Learn that the first segment is about to be written; the tail is the whole log."""


def stretch_of(items: Sequence[Item], inactive: Sequence[int], fingerprints: bytes) -> Stretch[Item]:
    left_out = set(inactive)
    prints = list(fingerprints_in(fingerprints)) or [b""] * len(items)
    return Stretch(list(items), [place not in left_out for place in range(len(items))], prints)


def stretch_of_segment(segment: Segment[Item]) -> Stretch[Item]:
    return stretch_of(segment.items, segment.inactive, segment.fingerprints)


def record_of(stretch: Stretch[Any]) -> bytes:
    return _encode(Segment(b"".join(stretch.fingerprints), stretch.items, _inactive(stretch)))


def _fitting(items: Sequence[Any]) -> int:
    """Return how many of the first items a segment holds: at least one, and no more than SEGMENT or TAIL_BYTES."""
    count, size = 0, 0
    for item in items[: segments.SEGMENT]:
        size += size_of(item)
        if count and size > segments.TAIL_BYTES:
            break
        count += 1
    return count


def _pieces(stretch: Stretch[Item]) -> Iterable[Stretch[Item]]:
    """Yield a stretch in as many parts as it takes for each of them to be a segment."""
    begin = 0
    while begin < len(stretch.items):
        end = begin + _fitting(stretch.items[begin:])
        yield stretch.part(begin, end)
        begin = end


def _inactive(stretch: Stretch[Any]) -> tuple[int, ...]:
    return tuple(place for place, is_active in enumerate(stretch.active) if not is_active)


def _with_activity(items: Sequence[Item], inactive: Sequence[int]) -> Iterable[tuple[Item, bool]]:
    left_out = set(inactive)
    return [(item, place not in left_out) for place, item in enumerate(items)]
