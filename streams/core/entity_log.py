"""The log of an entity's events: which of them are active and what changes them, while they come in any order.

An event of a short log is compared with all others. Once a log has segments, records by name tell in which segment an
event or a part lies, so that most corrections read one segment. Rare cases, such as taking a correction back, read the
whole log.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from streams.core.activity import active_keys, patched, patches_by_part
from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.log import Change, Insertion
from streams.core.named_log import Found, NamedLog
from streams.core.outputs import Outputs

Acc = TypeVar("Acc")


class Effect(msgspec.Struct, frozen=True, gc=False):
    """The effect of one more event: itself with its patches, whether it is active, what changes in other events.

    `flipped` are events that become active or are so no longer, `replaced` those whose patches change; `tests` is how
    many active test events there are then.
    """

    recorded: RecordedEvent
    is_active: bool
    flipped: dict[SortKey, Found]
    replaced: dict[SortKey, RecordedEvent]
    tests: int


class EntityLog(NamedLog[Acc], eq=False, gc=False):
    """A log of events. `add` takes them in any order; the reducer tells positions, parts and outputs."""

    def add(self, recorded: RecordedEvent, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        """Take one more event; return the outputs that it can change, before and after.

        `size` is the event's length in bytes. A duplicate must not come here.
        """
        event = recorded.event
        self.head.revision += 1
        if self.is_new and event.corrects_event_id is None:
            self.head.tests = int(event.is_test)
            return self.append(recorded, fingerprint, size)
        key = self.fold.sort_key(recorded)
        last = self.last_key
        is_plain = event.corrects_event_id is None and not (self.fold.part_of(recorded) or self.fold.patch_of(recorded))
        is_newest = key > last and (self.fold.sort_key is fold_order or self._is_newest(recorded))
        if not is_plain or not is_newest or self.is_awaited(event.event_id):
            return self._change(recorded, key, fingerprint, size)
        tests = self.head.tests
        if event.is_test and not tests and not self.is_new:
            return self.change(Change({key: Insertion(recorded, fingerprint, size=size)}), 1)
        self.head.tests = tests + event.is_test
        return self.append(recorded, fingerprint, size)

    def _change(self, recorded: RecordedEvent, key: SortKey, fingerprint: bytes, size: int) -> tuple[Outputs, Outputs]:
        effect = self._foreseen(recorded) or self._compared(recorded)
        was_test, is_test = self.head.tests > 0, effect.tests > 0
        changes = {place: not found.is_active for place, found in effect.flipped.items()}
        is_last = key > self.last_key and not changes and not effect.replaced
        if is_last and effect.is_active and (was_test == is_test or self.is_new):
            self.head.tests = effect.tests
            return self.append(effect.recorded, fingerprint, size)
        inserted = {key: Insertion(effect.recorded, fingerprint, effect.is_active, size)}
        return self.change(Change(inserted, changes, replaced=effect.replaced), effect.tests)

    def _is_newest(self, recorded: RecordedEvent) -> bool:
        """Return whether the event is behind all others in fold order, so that none of them can speak of it."""
        order = fold_order(recorded)
        spilled = self.head.spilled
        if spilled is not None and spilled.last_order and order < spilled.last_order:
            return False
        if self.fold.sort_key is fold_order:
            return not self.head.tail or fold_order(self.head.tail[-1]) < order
        return all(fold_order(each) < order for each in self.head.tail)

    def _compared(self, recorded: RecordedEvent) -> Effect:
        """Return what the event brings about, found by comparing all events."""
        known = list(self.every_item())
        target = recorded.event.corrects_event_id
        if target is not None and all(each.event.event_id != target for each, _ in known):
            self.await_event(target)
        every = [recorded, *(each for each, _ in known)]
        active = active_keys(every, self.fold.part_of)
        chosen = [each for each in every if fold_order(each) in active]
        patches = patches_by_part(chosen, self.fold.patch_of, self.fold.sort_key)
        replaced = {}
        for each in chosen:
            now = patched(each, self.fold.part_of(each), patches)
            if now is not each and each is not recorded:
                replaced[self.fold.sort_key(each)] = now
        return Effect(
            patched(recorded, self.fold.part_of(recorded), patches),
            fold_order(recorded) in active,
            {self.fold.sort_key(each): Found(each, was) for each, was in known if was != (fold_order(each) in active)},
            replaced,
            sum(each.event.is_test for each in chosen),
        )

    def _foreseen(self, recorded: RecordedEvent) -> Effect | None:
        """Return what the event brings about, read from few segments; None where all events have to be compared."""
        event = recorded.event
        part, target = self.fold.part_of(recorded), event.corrects_event_id
        if self.is_awaited(event.event_id) or not (self._is_newest(recorded) or self._is_alone(recorded)):
            return None
        flips: dict[SortKey, Found] = {}
        replaced: dict[SortKey, RecordedEvent] = {}
        if target is not None:
            found = self.events(target)
            if found is None or not self._is_simple(recorded, found, part):
                return None
            if not found:
                self.await_event(target)
            flips = {self.fold.sort_key(each.recorded): each for each in found if each.is_active}
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

    def _is_alone(self, recorded: RecordedEvent) -> bool:
        """Return whether the event speaks of no other one and states nothing that another one states."""
        event, part = recorded.event, self.fold.part_of(recorded)
        if event.corrects_event_id is not None or (part and self.statements(part)):
            return False
        return not self.is_known(event.event_id)

    def _taken_over(
        self, part: str, flips: dict[SortKey, Found], replaced: dict[SortKey, RecordedEvent]
    ) -> tuple[RecordedEvent, ...] | None:
        """Make an earlier statement of a part inactive; return what changes the part, None for a look at all."""
        holders = self.holders(part)
        if holders is None or not all(self._unpatch(each.recorded, part, replaced) for each in holders):
            return None
        flips |= {self.fold.sort_key(each.recorded): each for each in holders}
        return holders[0].recorded.patches if holders else self.patches(part)

    def _patch(self, recorded: RecordedEvent, replaced: dict[SortKey, RecordedEvent]) -> bool:
        """Let an event change the part that it is for; return False where that takes a look at all."""
        return self._with_patches(
            self.fold.patch_of(recorded),
            replaced,
            lambda patches: tuple(sorted((*patches, recorded), key=self.fold.sort_key)),
        )

    def _unpatch(self, recorded: RecordedEvent, part: str, replaced: dict[SortKey, RecordedEvent]) -> bool:
        """Take back what an event has changed; return False where that takes a look at all."""
        changed, place = self.fold.patch_of(recorded), fold_order(recorded)
        if changed and changed == part:
            return False
        return self._with_patches(
            changed, replaced, lambda patches: tuple(each for each in patches if fold_order(each) != place)
        )

    def _with_patches(
        self,
        part: str,
        replaced: dict[SortKey, RecordedEvent],
        edit: Callable[[tuple[RecordedEvent, ...]], tuple[RecordedEvent, ...]],
    ) -> bool:
        holders = self.holders(part) if part else ()
        if holders is None:
            return False
        for each in holders:
            key = self.fold.sort_key(each.recorded)
            holder = replaced.get(key, each.recorded)
            replaced[key] = msgspec.structs.replace(holder, patches=edit(holder.patches))
        return True

    def _is_simple(self, recorded: RecordedEvent, found: Sequence[Found], part: str) -> bool:
        """Return whether nothing but the target changes: nothing that it held down becomes active again."""
        is_retraction = recorded.event.is_retraction
        for each in found:
            if is_retraction and each.recorded.event.corrects_event_id is not None:
                return False
            held = self.fold.part_of(each.recorded)
            if held and each.is_active and (is_retraction or held != part) and self.statements(held) != 1:
                return False
        return True
