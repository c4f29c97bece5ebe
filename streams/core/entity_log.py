"""The log of an entity's events: which of them are active and what changes them, while they come in any order.

An event of a short log is compared with all others. Once a log has segments, records by name tell in which segment an
event or a part lies, so that most corrections read one segment. Rare cases, such as taking a correction back, read the
whole log.
"""

from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import msgspec

from streams.core.activity import active_places, patched, patches_by_part
from streams.core.algebra import Note, SortKey, fold_order
from streams.core.log import Change, Codec, Insertion, Log
from streams.core.outputs import Outputs, Scope
from streams.core.segments import HEAD_RECORDS, NAMES, Records

Acc = TypeVar("Acc")
_encode = msgspec.msgpack.Encoder().encode
_NAME_BYTES = 16
_EVENT, _PART, _PATCH = b"e", b"p", b"c"


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


class Effect(NamedTuple):
    """What one more event brings about: itself with its patches, whether it is active, what changes in other events.

    `flipped` are events that become active or are so no longer, `replaced` those whose patches change; `tests` is how
    many active test events there are then.
    """

    recorded: Note
    is_active: bool
    flipped: dict[SortKey, Found]
    replaced: dict[SortKey, Note]
    tests: int


class EntityLog(Log[Note, Acc]):
    """A log of events. `add` takes them in any order; the reducer tells positions, parts and outputs."""

    __slots__ = ("_part_of", "_patch_of", "_sort_key")

    def __init__(self, reducer: Any, codec: Codec, key: bytes, records: Records, scope: Scope) -> None:
        super().__init__(reducer, codec, key, records, scope)
        self._part_of, self._patch_of = reducer.part_of, reducer.patch_of
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
        is_plain = event.corrects_event_id is None and not (self._part_of(recorded) or self._patch_of(recorded))
        if not is_plain or not (key > last and self._is_newest(recorded)) or self._is_awaited(event.event_id):
            return self._change(recorded, key, fingerprint, size)
        tests = self.head.tests
        if event.is_test and not tests and not self.is_new:
            self.head.tail_bytes += size
            return self.change(Change({key: Insertion(recorded, fingerprint)}), 1)
        self.head.tests = tests + event.is_test
        return self.append(recorded, fingerprint, size)

    def _change(self, recorded: Note, key: SortKey, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        effect = self._foreseen(recorded) or self._compared(recorded)
        was_test, is_test = self.head.tests > 0, effect.tests > 0
        changes = {place: not found.is_active for place, found in effect.flipped.items()}
        is_last = key > self.last_key and not changes and not effect.replaced
        if is_last and effect.is_active and (was_test == is_test or self.is_new):
            self.head.tests = effect.tests
            return self.append(effect.recorded, fingerprint, size)
        self.head.tail_bytes += size
        inserted = {key: Insertion(effect.recorded, fingerprint, effect.is_active)}
        return self.change(Change(inserted, changes, replaced=effect.replaced), effect.tests)

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

    def _compared(self, recorded: Note) -> Effect:
        """Return what the event brings about, found by comparing all events."""
        known = list(self.every_item())
        target = recorded.event.corrects_event_id
        if target is not None and all(each.event.event_id != target for each, _ in known):
            self._await(target)
        every = [recorded, *(each for each, _ in known)]
        active = active_places(every, self._part_of)
        chosen = [each for each in every if fold_order(each) in active]
        patches = patches_by_part(chosen, self._patch_of, self._sort_key)
        replaced = {}
        for each in chosen:
            now = patched(each, self._part_of(each), patches)
            if now is not each and each is not recorded:
                replaced[self._sort_key(each)] = now
        return Effect(
            patched(recorded, self._part_of(recorded), patches),
            fold_order(recorded) in active,
            {self._sort_key(each): Found(each, was) for each, was in known if was != (fold_order(each) in active)},
            replaced,
            sum(each.event.is_test for each in chosen),
        )

    def _foreseen(self, recorded: Note) -> Effect | None:
        """Return what the event brings about, read from few segments; None where all events have to be compared."""
        event = recorded.event
        part, target = self._part_of(recorded), event.corrects_event_id
        if self._is_awaited(event.event_id) or not (self._is_newest(recorded) or self._is_alone(recorded)):
            return None
        flips: dict[SortKey, Found] = {}
        replaced: dict[SortKey, Note] = {}
        if target is not None:
            found = self._events(target)
            if found is None or not self._is_simple(recorded, found, part):
                return None
            if not found:
                self._await(target)
            flips = {self._sort_key(each.recorded): each for each in found if each.is_active}
            if not all(self._unpatch(each.recorded, part, replaced) for each in flips.values()):
                return None
        if not event.is_retraction:
            patches = self._taken_over(part, flips, replaced) if part else ()
            if patches is None or not self._patch(recorded, replaced):
                return None
            if patches:
                recorded = msgspec.structs.replace(recorded, patches=patches)
        tests = self.head.tests + (event.is_test and not event.is_retraction)
        tests += sum(each.recorded.event.is_test * (-1 if each.is_active else 1) for each in flips.values())
        return Effect(recorded, not event.is_retraction, flips, replaced, tests)

    def _is_alone(self, recorded: Note) -> bool:
        """Whether the event speaks of no other one and states nothing that another one states."""
        event, part = recorded.event, self._part_of(recorded)
        if event.corrects_event_id is not None or (part and self._statements(part)):
            return False
        return not self._named(_EVENT, event.event_id).count and not self._is_in_tail(event.event_id)

    def _taken_over(
        self, part: str, flips: dict[SortKey, Found], replaced: dict[SortKey, Note]
    ) -> tuple[Note, ...] | None:
        """Make an earlier statement of a part inactive; return what changes the part, None for a look at all."""
        holders = self._holders(part)
        if holders is None or not all(self._unpatch(each.recorded, part, replaced) for each in holders):
            return None
        flips |= {self._sort_key(each.recorded): each for each in holders}
        if holders:
            return holders[0].recorded.patches
        found = self._found(_PATCH, part, lambda each: self._patch_of(each) == part)
        if found is None:
            return None
        return tuple(sorted((each.recorded for each in found if each.is_active), key=self._sort_key))

    def _patch(self, recorded: Note, replaced: dict[SortKey, Note]) -> bool:
        """Let an event change the part that it is for; return False where that takes a look at all."""
        return self._with_patches(
            self._patch_of(recorded), replaced, lambda patches: tuple(sorted((*patches, recorded), key=self._sort_key))
        )

    def _unpatch(self, recorded: Note, part: str, replaced: dict[SortKey, Note]) -> bool:
        """Take back what an event has changed; return False where that takes a look at all."""
        changed, place = self._patch_of(recorded), fold_order(recorded)
        if changed and changed == part:
            return False
        return self._with_patches(
            changed, replaced, lambda patches: tuple(each for each in patches if fold_order(each) != place)
        )

    def _with_patches(
        self, part: str, replaced: dict[SortKey, Note], edit: Callable[[tuple[Note, ...]], tuple[Note, ...]]
    ) -> bool:
        holders = self._holders(part) if part else ()
        if holders is None:
            return False
        for each in holders:
            key = self._sort_key(each.recorded)
            holder = replaced.get(key, each.recorded)
            replaced[key] = msgspec.structs.replace(holder, patches=edit(holder.patches))
        return True

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
        found = self._found(_EVENT, event_id, lambda each: each.event.event_id == event_id)
        return None if found is None or len(found) > 1 else found

    def _found(self, kind: bytes, name: str, holds: Callable[[Note], bool]) -> Sequence[Found] | None:
        """Return all events under a name; None where they lie in several places."""
        named = self._named(kind, name)
        return None if named.count > 1 else self._tail_where(holds) + self._in_segment(named, holds)

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
        stored = None if self.head.spilled is None else self.records.get(self._name(kind, name))
        return Named() if stored is None else _named_from(stored)

    def _await(self, event_id: str) -> None:
        spilled = self.head.spilled
        if spilled is None:
            return  # every event of a short log is looked at
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
            for kind, name in ((_PART, self._part_of(each)), (_PATCH, self._patch_of(each))):
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
                self._await(target)
