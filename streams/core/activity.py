"""Active events: those that count, out of all events of an entity.

An event is not active when a later one in fold order has replaced it, taken it back, or stated the same part again. A
replaced event still holds down what it had replaced itself, because its replacement stands in its place. A retracted
event does so no longer: what it had replaced is active again.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from streams.core.algebra import EventKey, RecordedEvent, SortKey, fold_order

PartOf = Callable[[RecordedEvent], str]
"""Name of the part of an entity that an event states as a whole, such as one payment of an invoice; empty for none."""
PatchOf = Callable[[RecordedEvent], str]
"""Name of the part that an event changes wherever it was stated, before or after; empty for none."""
SortOf = Callable[[RecordedEvent], SortKey]


def no_part(_recorded: RecordedEvent) -> str:
    """Return the empty name: no event of the entity states a part again, or changes one."""
    return ""


def active_keys(recorded: Iterable[RecordedEvent], part_of: PartOf) -> set[EventKey]:
    """Return the places in fold order of the active events. `recorded` are all events of an entity, in any order.

    Reading from the last event back makes the outcome unique, because an event speaks of earlier ones only.
    """
    overruled: set[str] = set()
    silenced: set[str] = set()
    parts: set[str] = set()
    active: set[EventKey] = set()
    for each in sorted(recorded, key=fold_order, reverse=True):
        event = each.event
        stands, speaks = event.event_id not in overruled, event.event_id not in silenced
        if speaks and event.corrects_event_id is not None:
            overruled.add(event.corrects_event_id)
            if event.is_retraction:
                silenced.add(event.corrects_event_id)
        if event.is_retraction or not stands:
            continue
        part = part_of(each)
        if part:
            if part in parts:
                continue
            parts.add(part)
        active.add(fold_order(each))
    return active


def patches_by_part(
    active: Iterable[RecordedEvent], patch_of: PatchOf, sort_key: SortOf
) -> Mapping[str, tuple[RecordedEvent, ...]]:
    """Return the active events that change a part, by its name, in order of position."""
    found: dict[str, list[RecordedEvent]] = {}
    for each in active:
        part = patch_of(each)
        if part:
            found.setdefault(part, []).append(each)
    return {part: tuple(sorted(patches, key=sort_key)) for part, patches in found.items()}


def patched(recorded: RecordedEvent, part: str, patches: Mapping[str, tuple[RecordedEvent, ...]]) -> RecordedEvent:
    """Return an event that states a part, with what changes this part."""
    wanted = patches.get(part, ()) if part else ()
    return recorded if recorded.patches == wanted else msgspec.structs.replace(recorded, patches=wanted)
