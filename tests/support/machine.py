"""A table simulator: runs the pure core over notes and keeps the tables that its facts describe."""

import msgspec

from streams.core.algebra import Facts, Note, Signal, claim
from streams.core.reducer import State, step, tick
from streams.core.routes import BY_PREFIX, REDUCERS
from streams.core.rows import Row
from streams.core.rules import Rules

Identity = tuple[object, ...]


class Machine:
    """States and tables of one partition. `recode` passes every state through its bytes before use."""

    def __init__(self, *, rules: Rules | None = None, recode: bool = False) -> None:
        self.rules = rules or Rules()
        self.recode = recode
        self.states: dict[bytes, State] = {}
        self.tables: dict[Identity, Row] = {}
        self.signals: list[Signal] = []

    def feed(self, note: Note) -> None:
        reducer = REDUCERS[type(note.event)]
        key = reducer.key(note.event)
        state = self.states.get(key)
        if state is not None and self.recode:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
        one = claim(note.event.source, note.event.event_id, msgspec.msgpack.encode(note.event))
        self.states[key], facts = step(reducer, state, note, one, self.rules)
        self._write(facts)

    def tick(self, now: int) -> None:
        for key, state in list(self.states.items()):
            self.states[key], facts = tick(BY_PREFIX[chr(key[0])], state, now, self.rules)
            self._write(facts)

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
