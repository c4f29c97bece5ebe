"""The oracle of the machine: every active event of an entity folded from the beginning, every entry of a ledger too."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from streams.core.activity import active_places
from streams.core.algebra import Note, fold_order
from streams.core.machine import Ledger, Reducer
from streams.core.outputs import Outputs, Scope, SortKey
from streams.core.rows import Row
from streams.core.rules import Rules


def folded(reducer: Reducer[Any], notes: Iterable[Note], scope: Scope) -> Outputs:
    """Return all outputs of an entity, sealed and open."""
    every = list(notes)
    active = active_places(every, reducer.part_of)
    chosen = sorted((note for note in every if fold_order(note) in active), key=reducer.sort_key)
    acc, outputs = reducer.begin(any(note.event.is_test for note in chosen)), Outputs()
    for note in chosen:
        reducer.apply(acc, note, scope, outputs)
    if every:
        reducer.project(acc, scope, outputs)
    return outputs


def rows_of(
    entities: Iterable[tuple[Reducer[Any], str, Iterable[Note], int]],
    ledgers: Mapping[str, Ledger[Any, Any]],
    rules: Rules,
) -> dict[tuple[object, ...], Row]:
    """Return all rows; an entity is (its reducer, account, events, the latest deadline that has passed)."""
    rows: list[Row] = []
    entries: defaultdict[tuple[str, str, str], dict[SortKey, Any]] = defaultdict(dict)
    for reducer, account, notes, passed in entities:
        outputs = folded(reducer, notes, Scope(rules, passed))
        rows.extend(outputs.rows)
        for place, entry in outputs.entries.items():
            entries[account, place.ledger, place.name][place.key] = entry
    for prefix, ledger in ledgers.items():  # in this order: a ledger hands over to later ones only
        for account, name in [(account, name) for account, each, name in entries if each == prefix]:
            outputs = _booked(ledger, account, name, entries[account, prefix, name], Scope(rules, 0))
            rows.extend(outputs.rows)
            for place, entry in outputs.entries.items():
                entries[account, place.ledger, place.name][place.key] = entry
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
