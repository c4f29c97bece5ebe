"""A log that knows in which segment an event lies, a part of the entity, or what changes a part."""

from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

import msgspec

from streams.core.activity import PartOf, PatchOf
from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.log import Fold
from streams.core.long_log import LongLog
from streams.core.segments import HEAD_RECORDS, NAMES

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder().encode
_NAME_BYTES = 16
_EVENT, _PART, _PATCH = b"e", b"p", b"c"


class Named(msgspec.Struct, array_like=True, gc=False):
    """The place of a name in segments.

    `number` is the segment, -1 where there is none yet; of several events it is that of the one that came last, which
    need not be active. `count` is how many there are. An awaited one was spoken of before it came.
    """

    number: int = -1
    count: int = 0
    is_awaited: bool = False


_named_from = msgspec.msgpack.Decoder(Named).decode


class Found(msgspec.Struct, frozen=True, gc=False):
    """An event that another one speaks of, and whether it is active."""

    recorded: RecordedEvent
    is_active: bool


class EventFold(Fold[RecordedEvent, Acc], Protocol[Acc]):
    """The fold of a log of events."""

    part_of: PartOf
    patch_of: PatchOf


class NamedLog(LongLog[RecordedEvent, Acc], eq=False, gc=False):
    """A log of events and the records that tell where they lie."""

    fold: EventFold[Acc]

    def is_awaited(self, event_id: str) -> bool:
        """Return whether an event was spoken of before it came."""
        spilled = self.head.spilled
        if spilled is None:
            return any(each.event.corrects_event_id == event_id for each in self.head.tail)
        return spilled.waits and self._named(_EVENT, event_id).is_awaited

    def statements(self, part: str) -> int:
        """Return how many events state a part."""
        return self._named(_PART, part).count + len(self._tail_where(lambda each: self.fold.part_of(each) == part))

    def is_known(self, event_id: str) -> bool:
        """Return whether any event has an id."""
        return self._named(_EVENT, event_id).count > 0 or any(
            each.event.event_id == event_id for each in self.head.tail
        )

    def events(self, event_id: str) -> Sequence[Found] | None:
        """Return the events with an id; None where there are several."""
        found = self._found(_EVENT, event_id, lambda each: each.event.event_id == event_id)
        return None if found is None or len(found) > 1 else found

    def _found(self, kind: bytes, name: str, holds: Callable[[RecordedEvent], bool]) -> Sequence[Found] | None:
        """Return all events under a name; None where they lie in several places."""
        named = self._named(kind, name)
        return None if named.count > 1 else self._tail_where(holds) + self._in_segment(named, holds)

    def patches(self, part: str) -> tuple[RecordedEvent, ...] | None:
        """Return the active events that change a part, in order; None where that takes a look at all."""
        found = self._found(_PATCH, part, lambda each: self.fold.patch_of(each) == part)
        if found is None:
            return None
        return tuple(sorted((each.recorded for each in found if each.is_active), key=self.fold.sort_key))

    def holders(self, part: str) -> Sequence[Found] | None:
        """Return the active event that states a part, if any states it; None where that takes a look at all."""
        found = self._tail_where(lambda each: self.fold.part_of(each) == part)
        named = self._named(_PART, part)
        if not found and not named.count:
            return ()
        found += self._in_segment(named, lambda each: self.fold.part_of(each) == part)
        active = [each for each in found if each.is_active]
        return active or None

    def _tail_where(self, holds: Callable[[RecordedEvent], bool]) -> list[Found]:
        left_out = set(self.head.inactive)
        return [Found(each, place not in left_out) for place, each in enumerate(self.head.tail) if holds(each)]

    def _in_segment(self, named: Named, holds: Callable[[RecordedEvent], bool]) -> list[Found]:
        if named.number < 0:
            return []
        segment = self.segment(named.number)
        left_out = set(segment.inactive)
        return [Found(each, place not in left_out) for place, each in enumerate(segment.items) if holds(each)]

    def _name(self, kind: bytes, name: str) -> bytes:
        digest = blake2b(kind + name.encode(), digest_size=_NAME_BYTES).digest()
        return HEAD_RECORDS + NAMES + self.key + digest

    def _named(self, kind: bytes, name: str) -> Named:
        stored = None if self.head.spilled is None else self.records.get(self._name(kind, name))
        return Named() if stored is None else _named_from(stored)

    def await_event(self, event_id: str) -> None:
        """Note that an event is spoken of which has not come."""
        spilled = self.head.spilled
        if spilled is None:
            return  # every event of a short log is looked at
        spilled.waits = True
        named = self._named(_EVENT, event_id)
        named.is_awaited = True
        self.records.put(self._name(_EVENT, event_id), _encode(named))

    def placed(self, number: int, items: Sequence[RecordedEvent], came: Collection[SortKey] | None) -> None:
        """Note in which segment events lie."""
        spilled = self.head.spilled
        assert spilled is not None
        for each in items:
            is_new = came is None or self.fold.sort_key(each) in came
            if is_new:
                order = fold_order(each)
                spilled.last_order = max(spilled.last_order, order) if spilled.last_order else order
            self._place(_EVENT, each.event.event_id, number, is_new=is_new)
            for kind, name in ((_PART, self.fold.part_of(each)), (_PATCH, self.fold.patch_of(each))):
                if name:
                    self._place(kind, name, number, is_new=is_new)

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
                self.await_event(target)
