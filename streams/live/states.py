"""States as a batch sees them: read from the store until the batch changes them, and never written but with it."""

from typing import Any

import msgspec

from streams.core.algebra import Facts
from streams.core.reducer import State
from streams.core.rollup import member_of, roll
from streams.core.routes import ROLL_UPS
from streams.live.batch import Batch
from streams.live.store.port import Store

_state_from = msgspec.msgpack.Decoder(State).decode
_astuple = msgspec.structs.astuple


class States:
    """The states of one partition's store. `first_version` is the version of a row whose entity never changed."""

    def __init__(self, store: Store, first_version: int) -> None:
        self._get = store.get
        self._first_version = first_version

    def state(self, batch: Batch, key: bytes) -> State | None:
        state = batch.states.get(key)
        if state is None:
            stored = self._get(key)
            state = None if stored is None else _state_from(stored)
        return state

    def keep(self, batch: Batch, key: bytes, before: State | None, outcome: tuple[State, Facts]) -> None:
        """Take an entity's new state and its facts into the batch, and hand its part on to the roll-up it has."""
        state, facts = outcome
        if state is before:
            return
        batch.states[key] = state
        self._write(batch, facts, state.revision)
        if facts.signals:
            batch.signals.extend(facts.signals)
        if facts.part is not None:
            self._roll(batch, key, facts.part)

    def _roll(self, batch: Batch, key: bytes, part: Any) -> None:
        roll_up, member = ROLL_UPS[chr(key[0])], member_of(key)
        rolled_key = roll_up.key(member[0])
        before = batch.rolled.get(rolled_key)
        if before is None:
            stored = self._get(rolled_key)
            before = None if stored is None else roll_up.decode(stored)
        rolled, facts = roll(roll_up, before, member, part)
        batch.rolled[rolled_key] = rolled
        self._write(batch, facts, rolled.revision)

    def _write(self, batch: Batch, facts: Facts, revision: int) -> None:
        version = self._first_version | revision
        rows = batch.rows
        written = (version, 0)
        for row in facts.rows:
            rows[row.TABLE].append(_astuple(row) + written)
        if facts.removed:
            removed = (version, 1)
            for row in facts.removed:
                rows[row.TABLE].append(_astuple(row) + removed)
