"""States as a batch sees them: read from the store until the batch changes them, and never written but with it."""

from typing import Any

import msgspec

from streams.core.algebra import Facts, Note
from streams.core.reducer import State
from streams.core.rollup import Hand, Rolled, idle, member_of, rolled_in, upwards
from streams.core.routes import handed
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
            self._hand_on(batch, key, facts, checked=record_bytes > 0)
        batch.states[key] = state
        version, rows = self._first_version | state.revision, batch.rows
        written = (version, 0)
        for row in facts.rows:  # here and not by a call: every event passes
            rows[row.TABLE].append(_astuple(row) + written)
        if facts.removed:
            _remove(batch, facts, version)
        if facts.signals:
            batch.signals.extend(facts.signals)

    def _hand_on(self, batch: Batch, key: bytes, told: Facts, *, checked: bool) -> None:
        account, _ = member_of(key)
        rolled: list[tuple[bytes, Rolled[Any], Facts]] = []
        for hand in handed(key, told.part):
            following: Hand | None = hand
            while following is not None:
                following = self._roll(batch, account, following, rolled, told.cause, checked=checked)
        for rolled_key, state, facts in rolled:
            batch.rolled[rolled_key] = state
            written = (self._first_version | state.revision, 0)
            for row in facts.rows:
                batch.rows[row.TABLE].append(_astuple(row) + written)
            _remove(batch, facts, self._first_version | state.revision)

    def _roll(
        self,
        batch: Batch,
        account: str,
        hand: Hand,
        rolled: list[tuple[bytes, Rolled[Any], Facts]],
        cause: Note | None,
        *,
        checked: bool,
    ) -> Hand | None:
        """Roll one part up into `rolled`, which is taken over once all of an event had room; return what follows."""
        key = hand.roll_up.key(account, hand.name)
        before = next((state for known, state, _ in reversed(rolled) if known == key), batch.rolled.get(key))
        if before is None:
            stored = self._get(key)
            if stored is not None:
                before, batch.sizes[key] = hand.roll_up.decode(stored), len(stored)
        if idle(hand.roll_up, before, hand.member, hand.part):
            return None
        state, facts = rolled_in(hand, before, account, cause)
        batch.work += len(state.parts)
        if checked:
            grow_rolled(batch, key, state, hand.part)
        rolled.append((key, state, facts))
        return upwards(hand, state)


def _remove(batch: Batch, facts: Facts, version: int) -> None:
    removed = (version, 1)
    for row in facts.removed:
        batch.rows[row.TABLE].append(_astuple(row) + removed)
