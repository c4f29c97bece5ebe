"""States as a batch sees them: read from the store until the batch changes them, and never written but with it."""

from typing import Any

import msgspec

from streams.core.algebra import Facts
from streams.core.reducer import State
from streams.core.rollup import member_of, roll
from streams.core.routes import ROLL_UPS
from streams.live.batch import Batch
from streams.live.room import grow, grow_rolled
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
            if stored is not None:
                state, batch.sizes[key] = _state_from(stored), len(stored)
        return state

    def keep(
        self, batch: Batch, key: bytes, before: State | None, outcome: tuple[State, Facts], record_bytes: int = 0
    ) -> None:
        """Take an entity's new state and its facts into the batch, and hand its part on to the roll-up it has.

        Raises FullError, with the batch as it was, where a record of so many bytes brought about what has no room.
        """
        state, facts = outcome
        if state is before:
            return
        batch.work += len(state.notes)
        if record_bytes:
            grow(batch, key, state, record_bytes)
        if facts.part is not None:
            self._roll(batch, key, facts.part, checked=record_bytes > 0)
        batch.states[key] = state
        version, rows = self._first_version | state.revision, batch.rows
        written = (version, 0)
        for row in facts.rows:  # here and not by a call: every event passes
            rows[row.TABLE].append(_astuple(row) + written)
        if facts.removed:
            _remove(batch, facts, version)
        if facts.signals:
            batch.signals.extend(facts.signals)

    def _roll(self, batch: Batch, key: bytes, part: Any, *, checked: bool) -> None:
        roll_up, member = ROLL_UPS[chr(key[0])], member_of(key)
        rolled_key = roll_up.key(member[0])
        before = batch.rolled.get(rolled_key)
        if before is None:
            stored = self._get(rolled_key)
            if stored is not None:
                before, batch.sizes[rolled_key] = roll_up.decode(stored), len(stored)
        rolled, facts = roll(roll_up, before, member, part)
        batch.work += len(rolled.parts)
        if checked:
            grow_rolled(batch, rolled_key, rolled, part)
        batch.rolled[rolled_key] = rolled
        written = (self._first_version | rolled.revision, 0)
        for row in facts.rows:
            batch.rows[row.TABLE].append(_astuple(row) + written)
        _remove(batch, facts, self._first_version | rolled.revision)


def _remove(batch: Batch, facts: Facts, version: int) -> None:
    removed = (version, 1)
    for row in facts.removed:
        batch.rows[row.TABLE].append(_astuple(row) + removed)
