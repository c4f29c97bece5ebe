"""Outputs of a fold: rows, measures, signals and ledger entries, and the difference between two sets of them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from streams.core.algebra import Signal, SortKey
from streams.core.changes import Key, Measure
from streams.core.columns import Row
from streams.core.rules import Rules


class Scope(NamedTuple):
    """Inputs of a projection beside events: the rules in force, and up to when time is known to have gone.

    `passed` is in microseconds since 1970 (UTC).
    """

    rules: Rules
    passed: int


class Handover(msgspec.Struct, frozen=True, gc=False):
    """Position of an entry in a ledger: the ledger's prefix, its name within the account, and the key in it."""

    ledger: str
    name: str
    key: SortKey


class Ending(msgspec.Struct, frozen=True, gc=False):
    """The end of a condition: `signal` is raised where the one with the id `of` held before and holds no longer.

    So nobody hears the end of what nobody was told of.
    """

    of: str
    signal: Signal


Signals = Mapping[str, Signal | Ending]


class Outputs(msgspec.Struct, gc=False):
    """Outputs of a stretch of a log.

    `rows` are rows of tables, at most one of each identity. `measures` are what the entity adds to metrics. `signals`
    hold as conditions: one is raised when its id appears. `entries` go to ledgers of the account.
    """

    rows: list[Row] = msgspec.field(default_factory=list)
    measures: dict[Key, Measure] = msgspec.field(default_factory=dict)
    signals: dict[str, Signal | Ending] = msgspec.field(default_factory=dict)
    entries: dict[Handover, Any] = msgspec.field(default_factory=dict)

    def is_empty(self) -> bool:
        return not (self.rows or self.measures or self.signals or self.entries)

    def behind(self, sealed: "Outputs") -> "Outputs":
        """Return the sealed outputs with these behind them."""
        sealed.rows.extend(self.rows)
        sealed.measures |= self.measures
        sealed.signals |= self.signals
        sealed.entries |= self.entries
        return sealed


class Edits(msgspec.Struct, gc=False):
    """Changes of one ledger: entries to put, by position, and positions to clear first."""

    put: dict[SortKey, Any] = msgspec.field(default_factory=dict)
    cleared: set[SortKey] = msgspec.field(default_factory=set)


def raised(before: Signals, after: Signals) -> Iterator[Signal]:
    """Yield the signals to raise where conditions change."""
    for name, each in after.items():
        if name in before:
            continue
        if not isinstance(each, Ending):
            yield each
        elif each.of in before and each.of not in after:
            yield each.signal


def entry_edits(
    before: Mapping[Handover, Any], after: Mapping[Handover, Any]
) -> Iterator[tuple[tuple[str, str], Edits]]:
    """Yield, for each ledger that differs, its (prefix, name) and how its entries change."""
    if before == after:
        return
    found: dict[tuple[str, str], Edits] = {}
    for place, entry in after.items():
        was = before.get(place)
        if was != entry:
            edits = found.setdefault((place.ledger, place.name), Edits())
            edits.put[place.key] = entry
            if was is not None:
                edits.cleared.add(place.key)
    for place in before:
        if place not in after:
            found.setdefault((place.ledger, place.name), Edits()).cleared.add(place.key)
    yield from found.items()
