"""The log of an entity's events: which of them are active, kept up while events come in any order.

An event of a short log is compared with all others. Once a log has segments, records by name tell in which segment an
event or a part lies, so that most corrections read one segment. Rare cases, such as taking a correction back, read the
whole log.
"""

from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import msgspec

from streams.core.activity import active_places
from streams.core.algebra import Note, SortKey, fold_order
from streams.core.log import Change, Codec, Insertion, Log
from streams.core.outputs import Outputs, Scope
from streams.core.segments import HEAD_RECORDS, NAMES, Records

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder().encode
_NAME_BYTES = 16
_EVENT, _PART = b"e", b"p"


class Named(msgspec.Struct, array_like=True, gc=False):
    """What lies in segments under a name.

    `number` is the segment, -1 where there is none yet; of several events it is that of the one that came last, which
    need not be active. `count` is how many there are. An awaited one was spoken of before it came.
    """

    number: int = -1
    count: int = 0
    is_awaited: bool = False


_named_from = msgspec.msgpack.Decoder(Named).decode


class Found(NamedTuple):
    """An event that another one speaks of, and whether it is active."""

    recorded: Note
    is_active: bool


class EntityLog(Log[Note, Acc]):
    """A log of events. `add` takes them in any order; the reducer tells positions, parts and outputs."""

    __slots__ = ("_part_of", "_sort_key")

    def __init__(self, reducer: Any, codec: Codec, key: bytes, records: Records, scope: Scope) -> None:
        super().__init__(reducer, codec, key, records, scope)
        self._part_of = reducer.part_of
        self._sort_key = reducer.sort_key

    def add(self, recorded: Note, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        """Take one more event; return the outputs that it can change, before and after.

        `size` is the event's length in bytes. A duplicate must not come here.
        """
        event = recorded.event
        self.head.revision += 1
        if self.is_new and event.corrects_event_id is None:
            self.head.tests = int(event.is_test)
            return self.append(recorded, fingerprint, size)
        key = self._sort_key(recorded)
        last = self.last_key
        is_plain = event.corrects_event_id is None and not self._part_of(recorded)
        if not is_plain or not (key > last and self._is_newest(recorded)) or self._is_awaited(event.event_id):
            return self._change(recorded, key, fingerprint, size)
        tests = self.head.tests
        if event.is_test and not tests and not self.is_new:
            self.head.tail_bytes += size
            return self.change(Change({key: Insertion(recorded, fingerprint)}), 1)
        self.head.tests = tests + event.is_test
        return self.append(recorded, fingerprint, size)

    def _change(self, recorded: Note, key: SortKey, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        flips = self._flips(recorded) if self.head.spilled is not None else None
        if flips is None:
            is_active, flipped, tests = self._compared(recorded)
        else:
            is_active, flipped = not recorded.event.is_retraction, flips
            tests = self.head.tests + (is_active and recorded.event.is_test)
            tests += sum(found.recorded.event.is_test * (-1 if found.is_active else 1) for found in flipped.values())
        changes = {place: not found.is_active for place, found in flipped.items()}
        was_test, is_test = self.head.tests > 0, tests > 0
        if not changes and is_active and key > self.last_key and (was_test == is_test or self.is_new):
            self.head.tests = tests
            return self.append(recorded, fingerprint, size)
        self.head.tail_bytes += size
        return self.change(Change({key: Insertion(recorded, fingerprint, is_active)}, changes), tests)

    def _is_newest(self, recorded: Note) -> bool:
        """Whether the event is behind all others in fold order, so that none of them can speak of it."""
        order = fold_order(recorded)
        spilled = self.head.spilled
        if spilled is not None and spilled.last_order and order < spilled.last_order:
            return False
        if self._sort_key is fold_order:
            return not self.head.tail or fold_order(self.head.tail[-1]) < order
        return all(fold_order(each) < order for each in self.head.tail)

    def _is_awaited(self, event_id: str) -> bool:
        spilled = self.head.spilled
        if spilled is None:
            return any(each.event.corrects_event_id == event_id for each in self.head.tail)
        return spilled.waits and self._named(_EVENT, event_id).is_awaited

    def _compared(self, recorded: Note) -> tuple[bool, dict[SortKey, Found], int]:
        """Compare all events: whether the new one is active, the others that change, how many active ones are tests."""
        known = list(self.every_item())
        target = recorded.event.corrects_event_id
        is_unknown = target is not None and all(each.event.event_id != target for each, _ in known)
        if is_unknown and target is not None and self.head.spilled is not None:
            self._await(target)
        active = active_places([recorded, *(each for each, _ in known)], self._part_of)
        flipped = {self._sort_key(each): Found(each, was) for each, was in known if was != (fold_order(each) in active)}
        tests = sum(each.event.is_test for each in (recorded, *(one for one, _ in known)) if fold_order(each) in active)
        return fold_order(recorded) in active, flipped, tests

    def _flips(self, recorded: Note) -> dict[SortKey, Found] | None:
        """Return what the event changes among others, read from few segments; None where all have to be compared."""
        event = recorded.event
        spilled = self.head.spilled
        assert spilled is not None
        if self._is_awaited(event.event_id):
            return None
        part, target = self._part_of(recorded), event.corrects_event_id
        if not self._is_newest(recorded) and (
            part or target is not None or self._named(_EVENT, event.event_id).count or self._is_in_tail(event.event_id)
        ):
            return None
        flips: dict[SortKey, Found] = {}
        if target is not None:
            found = self._events(target)
            if found is None or not self._is_simple(recorded, found, part):
                return None
            if not found:
                self._await(target)
            flips |= {self._sort_key(each.recorded): each for each in found if each.is_active}
        if part and not event.is_retraction:
            holders = self._holders(part)
            if holders is None:
                return None
            flips |= {self._sort_key(each.recorded): each for each in holders if each.is_active}
        return flips

    def _is_simple(self, recorded: Note, found: Sequence[Found], part: str) -> bool:
        """Whether nothing but the target changes: nothing that it held down becomes active again."""
        is_retraction = recorded.event.is_retraction
        for each in found:
            if is_retraction and each.recorded.event.corrects_event_id is not None:
                return False
            held = self._part_of(each.recorded)
            if held and each.is_active and (is_retraction or held != part) and self._statements(held) != 1:
                return False
        return True

    def _statements(self, part: str) -> int:
        """Return how many events state a part."""
        return self._named(_PART, part).count + len(self._tail_where(lambda each: self._part_of(each) == part))

    def _is_in_tail(self, event_id: str) -> bool:
        return any(each.event.event_id == event_id for each in self.head.tail)

    def _events(self, event_id: str) -> Sequence[Found] | None:
        """Return the events with an id; None where there are several."""
        found = self._tail_where(lambda each: each.event.event_id == event_id)
        named = self._named(_EVENT, event_id)
        if len(found) + named.count > 1:
            return None
        return found or self._in_segment(named, lambda each: each.event.event_id == event_id)

    def _holders(self, part: str) -> Sequence[Found] | None:
        """Return the active event that states a part, if any states it; None where that takes a look at all."""
        found = self._tail_where(lambda each: self._part_of(each) == part)
        named = self._named(_PART, part)
        if not found and not named.count:
            return ()
        found += self._in_segment(named, lambda each: self._part_of(each) == part)
        active = [each for each in found if each.is_active]
        return active or None

    def _tail_where(self, holds: Callable[[Note], bool]) -> list[Found]:
        left_out = set(self.head.inactive)
        return [Found(each, place not in left_out) for place, each in enumerate(self.head.tail) if holds(each)]

    def _in_segment(self, named: Named, holds: Callable[[Note], bool]) -> list[Found]:
        if named.number < 0:
            return []
        segment = self.segment(named.number)
        left_out = set(segment.inactive)
        return [Found(each, place not in left_out) for place, each in enumerate(segment.items) if holds(each)]

    # Names: which segment an event or a part lies in.

    def _name(self, kind: bytes, name: str) -> bytes:
        digest = blake2b(kind + name.encode(), digest_size=_NAME_BYTES).digest()
        return HEAD_RECORDS + NAMES + self.key + digest

    def _named(self, kind: bytes, name: str) -> Named:
        stored = self.records.get(self._name(kind, name))
        return Named() if stored is None else _named_from(stored)

    def _await(self, event_id: str) -> None:
        spilled = self.head.spilled
        assert spilled is not None
        spilled.waits = True
        named = self._named(_EVENT, event_id)
        named.is_awaited = True
        self.records.put(self._name(_EVENT, event_id), _encode(named))

    def placed(self, number: int, items: Sequence[Note], came: Collection[SortKey] | None) -> None:
        """Note in which segment events lie."""
        spilled = self.head.spilled
        assert spilled is not None
        for each in items:
            is_new = came is None or self._sort_key(each) in came
            if is_new:
                order = fold_order(each)
                spilled.last_order = max(spilled.last_order, order) if spilled.last_order else order
            self._place(_EVENT, each.event.event_id, number, is_new=is_new)
            part = self._part_of(each)
            if part:
                self._place(_PART, part, number, is_new=is_new)

    def _place(self, kind: bytes, name: str, number: int, *, is_new: bool) -> None:
        named = self._named(kind, name)
        if not is_new and (named.count != 1 or named.number == number):
            return
        named.number = number
        named.count += is_new
        self.records.put(self._name(kind, name), _encode(named))

    def began_to_spill(self) -> None:
        """Note which events are awaited: nothing but the tail has been compared so far."""
        known = {each.event.event_id for each in self.head.tail}
        for each in self.head.tail:
            target = each.event.corrects_event_id
            if target is not None and target not in known:
                self._await(target)
