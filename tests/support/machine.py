"""A table simulator: runs the pure core over notes and keeps the tables that its facts describe."""

from typing import Any

import msgspec

from streams.core.algebra import CLAIM_ID, Facts, Note, Signal, claim, digest_of
from streams.core.gathering import gather
from streams.core.reducer import State, settle, step, tick
from streams.core.rollup import Rolled, member_of, roll
from streams.core.routes import BY_PREFIX, REDUCERS, ROLL_UPS
from streams.core.rows import Row
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

    def feed(self, note: Note) -> None:
        reducer = REDUCERS[type(note.event)]
        key = reducer.key(note.event)
        state = self.states.get(key)
        if state is not None and self.recode:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
        one = claim(note.event.source, note.event.event_id, msgspec.msgpack.encode(note.event))
        if reducer.gathered is None:
            self._take(key, *step(reducer, state, note, one, self.rules))
        elif state is None or digest_of(state.claims, one[:CLAIM_ID]) is None:
            self._take(key, *gather(reducer, state, [(note, one)], self.rules))

    def tick(self, now: int) -> None:
        for key, state in list(self.states.items()):
            self._take(key, *tick(BY_PREFIX[chr(key[0])], state, now, self.rules))

    def settle(self, rules: Rules) -> None:
        """Apply other rules, in the way in which a partition brings older decisions up to date."""
        self.rules = rules
        for key, state in list(self.states.items()):
            self._take(key, *settle(BY_PREFIX[chr(key[0])], state, rules))

    def _take(self, key: bytes, state: State, facts: Facts) -> None:
        self.states[key] = state
        self._write(facts)
        if facts.part is not None:
            roll_up, member = ROLL_UPS[chr(key[0])], member_of(key)
            rolled_key = roll_up.key(member[0])
            before = self.rolled.get(rolled_key)
            if before is not None and self.recode:
                before = roll_up.decode(msgspec.msgpack.encode(before))
            self.rolled[rolled_key], rows = roll(roll_up, before, member, facts.part)
            self._write(rows)

    def _write(self, facts: Facts) -> None:
        for row in facts.removed:
            del self.tables[row.identity()]
        for row in facts.rows:
            self.tables[row.identity()] = row
        self.signals.extend(facts.signals)


def run(notes: list[Note], *, recode: bool = False, until: int | None = None, rules: Rules | None = None) -> Machine:
    """Feed every note, then let time pass to `until` (microseconds)."""
    machine = Machine(rules=rules, recode=recode)
    for note in notes:
        machine.feed(note)
    if until is not None:
        machine.tick(until)
    return machine
