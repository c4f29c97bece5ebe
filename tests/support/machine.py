"""A table simulator: runs the pure core over notes and keeps the tables that its facts describe."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from streams.core import machine as segmented
from streams.core.algebra import Facts, Note, Signal, claim
from streams.core.reducer import State, settle, step, tick
from streams.core.rollup import Hand, Rolled, idle, member_of, rolled_in, upwards
from streams.core.routes import BY_PREFIX, LEDGERS, SEGMENTED, handed, reducer_of
from streams.core.rows import MetricChangeRow, Row
from streams.core.rules import Rules

Identity = tuple[object, ...]


class Machine:
    """States and tables of one partition. `recode` passes every state through its bytes before use."""

    def __init__(self, *, rules: Rules | None = None, recode: bool = False) -> None:
        self.rules = rules or Rules()
        self.recode = recode
        self.states: dict[bytes, State] = {}
        self.rolled: dict[bytes, Rolled[Any]] = {}
        self.tables: dict[Identity, Row] = {}
        self.signals: list[Signal] = []
        self.records: dict[bytes, bytes] = {}
        self.former: dict[bytes, Rules] = {}
        self.notes: dict[bytes, dict[bytes, Note]] = {}
        """Every event of each entity that the machine of the core interprets, by fingerprint."""
        self._machine = self._new_machine()

    def _new_machine(self) -> segmented.Machine:
        return segmented.Machine(self.records.get, self.rules, SEGMENTED, LEDGERS, self.former)

    def _took(self, facts: Iterable[segmented.Facts]) -> None:
        for each in facts:
            self._write(Facts(each.rows, each.removed, each.signals))
        if self.recode:
            self.save()

    def passed(self, key: bytes) -> int:
        """Return the latest deadline of an entity that has gone by."""
        return self._machine.entity(key).head.passed

    def save(self) -> None:
        """Put every record into the store, as the end of a batch does."""
        self._machine.save()
        for name, value in self._machine.changes.items():
            if value is None:
                self.records.pop(name, None)
            else:
                self.records[name] = value
        self._machine = self._new_machine()

    def feed(self, note: Note) -> None:
        reducer = reducer_of(note.event)
        if isinstance(reducer, segmented.Reducer):
            known, fingerprint = self.notes.setdefault(reducer.key(note.event), {}), _claim(note)
            if fingerprint not in known:
                known[fingerprint] = note
                self._took(self._machine.take(reducer, note, fingerprint))
            return
        key, one = reducer.key(note.event), _claim(note)
        self._take(key, *step(reducer, self._known(key), note, one, self.rules))

    def _known(self, key: bytes) -> State | None:
        state = self.states.get(key)
        if state is not None and self.recode:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
        return state

    def tick(self, now: int) -> None:
        for key in self.notes:
            while self._machine.entity(key).head.deadline <= now:
                self._took(self._machine.tick(key, now))
        for key in list(self.states):
            while self.states[key].deadline <= now:
                self._take(key, *tick(BY_PREFIX[chr(key[0])], self.states[key], now, self.rules))

    def settle(self, rules: Rules) -> None:
        """Apply other rules, in the way in which a partition brings older decisions up to date."""
        self.former[self.rules.name] = self.rules
        self.rules = rules
        self.save()
        for key in self.notes:
            if SEGMENTED[chr(key[0])].depends_on_rules:
                self._took(self._machine.settle(key))
        for key, state in list(self.states.items()):
            self._take(key, *settle(BY_PREFIX[chr(key[0])], state, rules))

    def _take(self, key: bytes, state: State, facts: Facts) -> None:
        self.states[key] = state
        self._write(facts)
        if facts.part is not None:
            for hand in handed(key, facts.part):
                following: Hand | None = hand
                while following is not None:
                    following = self._roll(member_of(key)[0], following, facts.cause)

    def _roll(self, account: str, hand: Hand, cause: Note | None) -> Hand | None:
        key = hand.roll_up.key(account, hand.name)
        before = self.rolled.get(key)
        if before is not None and self.recode:
            before = hand.roll_up.decode(msgspec.msgpack.encode(before))
        if idle(hand.roll_up, before, hand.member, hand.part):
            return None
        self.rolled[key], rows = rolled_in(hand, before, account, cause)
        self._write(rows)
        return upwards(hand, self.rolled[key])

    def _write(self, facts: Facts) -> None:
        """Rows taken away must be there."""
        for row in facts.removed:
            del self.tables[row.identity()]
        for row in facts.rows:
            self.tables[row.identity()] = row
        self.signals.extend(facts.signals)


def _claim(note: Note) -> bytes:
    return claim(note.event.source, note.event.event_id, msgspec.msgpack.encode(note.event))


def run(notes: list[Note], *, recode: bool = False, until: int | None = None, rules: Rules | None = None) -> Machine:
    """Feed every note, then let time pass to `until` (microseconds)."""
    machine = Machine(rules=rules, recode=recode)
    for note in notes:
        machine.feed(note)
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
