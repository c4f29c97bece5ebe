"""The plain NPS fold as a processor that the engine drives: the engine's side of the first comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bench.nps import EMPTY, State, fold, nps_score, output
from streams.core.limits import NEVER
from streams.live.fold.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from streams.live.fold.record import Record
    from streams.live.store.port import Store

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


class Output(msgspec.Struct, frozen=True, gc=False):
    """The output of one event, in the place of a signal."""

    account_id: str
    value: bytes


class PlainNps:
    """NPS counts per account of one partition. Every record must be a readable response."""

    def __init__(self, topic: str, number: int, store: Store, read: Callable[[bytes], dict[str, Any]]) -> None:
        self._where = (topic, number)
        self._store = store
        self._read = read

    def process(self, records: Iterable[Record]) -> Batch:
        batch = Batch(*self._where)
        states: dict[bytes, State] = {}
        for record in records:
            value = record.value()
            assert value is not None
            event = self._read(value)
            account = event["account_id"]
            key = account.encode()
            states[key] = state = fold(states.get(key) or self._state(key), nps_score(event))
            batch.signals.append(Output(account, output(state)))  # type: ignore[arg-type]
            batch.records += 1
            batch.next_offset = record.offset() + 1
        batch.changes = {key: _encode(state) for key, state in states.items()}
        return batch

    def tick(self, now: int, *, is_caught_up: bool = True) -> Batch:  # noqa: ARG002 - no time passes in this fold
        return Batch(*self._where)

    def commit(self, batch: Batch) -> None:
        self._store.put_all(batch.changes)

    def next_deadline(self) -> int:
        return NEVER

    def _state(self, key: bytes) -> State:
        stored = self._store.get(key)
        return EMPTY if stored is None else _decode(stored)
