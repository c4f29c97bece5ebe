"""The oracle of the machine: every active event of an entity folded from the beginning, every entry of a ledger too."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from streams.core.activity import active_keys, patched, patches_by_part
from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.columns import Row
from streams.core.machine import Ledger, Reducer
from streams.core.outputs import Outputs, Scope
from streams.core.rules import Rules


def folded(reducer: Reducer[Any], recorded_events: Iterable[RecordedEvent], scope: Scope) -> Outputs:
    """Return all outputs of an entity, sealed and open."""
    every = list(recorded_events)
    active = active_keys(every, reducer.part_of)
    chosen = sorted((recorded for recorded in every if fold_order(recorded) in active), key=reducer.sort_key)
    patches = patches_by_part(chosen, reducer.patch_of, reducer.sort_key)
    acc, outputs = reducer.begin(any(recorded.event.is_test for recorded in chosen)), Outputs()
    for recorded in chosen:
        reducer.apply(acc, patched(recorded, reducer.part_of(recorded), patches), scope, outputs)
    if every:
        reducer.project(acc, scope, outputs)
    return outputs


Entities = Iterable[tuple[Reducer[Any], str, str, Iterable[RecordedEvent], int]]
"""(reducer, account, identity within it, events, the latest deadline that has passed) of each entity."""


def never(_key: bytes) -> int:
    """Return that no deadline of a ledger has passed."""
    return 0


def logs_of(
    entities: Entities,
    ledgers: Mapping[str, Ledger[Any, Any]],
    rules: Rules,
    passed_of: Callable[[bytes], int] = never,
) -> Iterator[tuple[str, str, Outputs]]:
    """Yield (kind, name) and all outputs of every log, ledgers too; `passed_of` is the time of a ledger, by its key."""
    entries: defaultdict[tuple[str, str, str], dict[SortKey, Any]] = defaultdict(dict)

    def handed(account: str, outputs: Outputs) -> Outputs:
        for place, entry in outputs.entries.items():
            held = entries[account, place.ledger, place.name]
            assert place.key not in held, "two logs handed over to one position"
            held[place.key] = entry
        return outputs

    for reducer, account, identity, recorded_events, passed in entities:
        yield reducer.kind, identity, handed(account, folded(reducer, recorded_events, Scope(rules, passed)))
    for prefix, ledger in ledgers.items():  # in this order: a ledger hands over to later ones only
        for account, name in [(account, name) for account, each, name in entries if each == prefix]:
            scope = Scope(rules, passed_of(ledger.key(account, name)))
            booked = _booked(ledger, account, name, entries[account, prefix, name], scope)
            yield ledger.kind, name, handed(account, booked)


def rows_of(
    entities: Entities,
    ledgers: Mapping[str, Ledger[Any, Any]],
    rules: Rules,
    passed_of: Callable[[bytes], int] = never,
) -> dict[tuple[object, ...], Row]:
    """Return all rows."""
    rows = [row for _, _, outputs in logs_of(entities, ledgers, rules, passed_of) for row in outputs.rows]
    found = {row.identity(): row for row in rows}
    assert len(found) == len(rows), "an identity was sealed twice"
    return found


def _booked(ledger: Ledger[Any, Any], account: str, name: str, held: dict[SortKey, Any], scope: Scope) -> Outputs:
    acc, outputs = ledger.start(account, name), Outputs()
    for key in sorted(held):
        assert ledger.sort_key(held[key]) == key
        ledger.apply(acc, held[key], scope, outputs)
    ledger.project(acc, scope, outputs)
    return outputs
