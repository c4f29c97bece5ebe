"""Tables that the machine of the core writes, kept in memory as the sink would have them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from streams.core import machine as core
from streams.core.algebra import RecordedEvent, Signal, SortKey, fingerprint_of
from streams.core.columns import Row
from streams.core.declarations import Kinds
from streams.core.machine import Due, Facts, Whose
from streams.core.routes import KINDS
from streams.core.rows_change import MetricChangeRow
from streams.core.rules import Rules

Identity = tuple[object, ...]


class Machine:
    """The tables of one partition, and the machine of the core that writes them.

    `recode` ends a batch after every event and deadline, so that nothing but bytes goes on. `recorded_events` has every
    event of each entity, by fingerprint. `handed` is what ledgers of the stage were told, as it holds.
    """

    def __init__(self, *, rules: Rules | None = None, recode: bool = False, kinds: Kinds = KINDS) -> None:
        self.rules, self.kinds = rules or Rules(), kinds
        self.recode = recode
        self.tables: dict[Identity, Row] = {}
        self.signals: list[Signal] = []
        self.records: dict[bytes, bytes] = {}
        self.former: dict[bytes, Rules] = {}
        self.recorded_events: dict[bytes, dict[bytes, RecordedEvent]] = {}
        self.handed: dict[Whose, dict[SortKey, Any]] = {}
        self._deadlines: dict[bytes, int] = {}
        self._machine = self._new_machine()

    def _new_machine(self) -> core.Machine:
        kinds = self.kinds
        return core.Machine(self.records.get, self.rules, kinds.reducers, kinds.ledgers, self.former, kinds.stage)

    def _took(self, facts: Iterable[Facts]) -> None:
        for each in facts:
            self._write(each)
        self._deadlines.update(self._machine.deadlines())
        for whose, stated in self._machine.parts.items():
            held = self.handed.setdefault(whose, {})
            held.update(stated)
            self.handed[whose] = {place: entry for place, entry in held.items() if entry is not None}
        self._machine.parts.clear()
        if self.recode:
            self.save()

    def revisions(self) -> dict[bytes, int]:
        """Return how often each entity has changed."""
        return {key: self._machine.entity(key).head.revision for key in self.recorded_events}

    def passed(self, key: bytes) -> int:
        """Return the latest deadline of an entity or a ledger that has gone by."""
        ledger = self.kinds.ledgers.get(chr(key[0]))
        log = self._machine.entity(key) if ledger is None else self._machine.book(ledger, key)
        return log.head.passed

    def save(self) -> None:
        """Put every record into the store, as the end of a batch does."""
        self._machine.save()
        for name, value in self._machine.changes.items():
            if value is None:
                self.records.pop(name, None)
            else:
                self.records[name] = value
        self._machine = self._new_machine()

    def feed(self, recorded: RecordedEvent) -> None:
        """Take an event, unless it came before."""
        reducer = self.kinds.reducer_of(recorded.event)
        known, fingerprint = self.recorded_events.setdefault(reducer.key(recorded.event), {}), _claim(recorded)
        if fingerprint not in known:
            known[fingerprint] = recorded
            self._took(self._machine.take(reducer, recorded, fingerprint))

    def tick(self, now: int) -> None:
        """Let time pass to `now`."""
        while due := self._due(now):
            for facts in self._machine.pass_time(due, (now, len(self.kinds.ranks) + 1, b"")):
                self._took(facts)
                if self.recode:
                    break

    def _due(self, now: int) -> list[Due]:
        ranks = self.kinds.ranks
        return [(at, ranks.get(key[0], 0), key) for key, at in self._deadlines.items() if at <= now]

    def settle(self, rules: Rules) -> None:
        """Apply other rules, in the way in which a partition brings older decisions up to date."""
        self.former[self.rules.name] = self.rules
        self.rules = rules
        self.save()
        for key in list(self._deadlines):
            self._took(self._machine.settle(key))

    def _write(self, facts: Facts) -> None:
        """Rows taken away must be there."""
        for row in facts.removed:
            del self.tables[row.identity()]
        for row in facts.rows:
            self.tables[row.identity()] = row
        self.signals.extend(facts.signals)


def _claim(recorded: RecordedEvent) -> bytes:
    return fingerprint_of(recorded.event.source, recorded.event.event_id, msgspec.msgpack.encode(recorded.event))


def run(
    recorded_events: list[RecordedEvent], *, recode: bool = False, until: int | None = None, rules: Rules | None = None
) -> Machine:
    """Feed every note, then let time pass to `until` (microseconds)."""
    machine = Machine(rules=rules, recode=recode)
    for recorded in recorded_events:
        machine.feed(recorded)
    if until is not None:
        machine.tick(until)
    return machine


def changes(machine: Machine) -> list[MetricChangeRow]:
    """Return every change row, in the order in which they became known."""
    found = [row for row in machine.tables.values() if isinstance(row, MetricChangeRow)]
    return sorted(found, key=lambda row: (row.ingested_at, row.metric, row.item, row.window_at))


def figures(machine: Machine) -> dict[Identity, Row]:
    """Return every row but those of the log of changes, which follow the order of arrival and keep every trace."""
    return {key: row for key, row in machine.tables.items() if not isinstance(row, MetricChangeRow)}


def sums_of(rows: Iterable[MetricChangeRow]) -> dict[tuple[object, ...], tuple[int, int]]:
    """Return what changes add up to, by entity and measure, where that is not nothing."""
    sums: defaultdict[tuple[object, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        key = (row.entity_kind, row.entity_id, row.metric, row.item, row.window_at, row.person)
        one, other = sums[key]
        sums[key] = one + row.numerator_micros, other + row.denominator_micros
    return {key: both for key, both in sums.items() if any(both)}


def restated(machine: Machine) -> list[MetricChangeRow]:
    """Return the change rows of figures that had been published."""
    return [row for row in changes(machine) if row.kind != "first"]
