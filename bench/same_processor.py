"""The project's processor, one event at a time, over a host's keyed state: what a user brings to another framework.

Decodes, checks, folds and explains an event with the project's core; the host keeps state and offsets. It needs neither
Kafka client nor host, so a test holds its rows against those of the project's own partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from schemas.codec import Codec
from schemas.topics import load_topics
from streams.core.admission import refusal_of
from streams.core.algebra import IDENTITY_BYTES, RecordedEvent, fingerprint_of
from streams.core.machine import Machine
from streams.core.routes import BY_PREFIX, KINDS, LEDGERS, reducer_of
from streams.core.rows_reference import EventRow
from streams.core.rules import Rules
from streams.live.fold.batch import Batch
from streams.live.fold.decoding import event_of
from streams.live.fold.output_rows import event_row, refuse
from streams.live.fold.scale_checks import off_scale

if TYPE_CHECKING:
    from bench.record import Made
    from streams.core.algebra import Signal

SURVEY = "survey"
Outcome = dict[str, list[tuple[Any, ...]]]
"""Rows by table."""


class KeyedState(Protocol):
    """State of one message key, as Quix Streams hands it to a stateful function."""

    def get_bytes(self, key: bytes, default: bytes | None = None, /) -> bytes | None: ...
    def set_bytes(self, key: bytes, value: bytes, /) -> None: ...
    def delete(self, key: bytes, /) -> None: ...


class Result(msgspec.Struct):
    """Output of one event: rows for the sink, signals and dead letters for their topics."""

    rows: Outcome
    signals: list[Signal]
    dead: list[bytes]


class Processor:
    """One event against the state of its account, which holds everything that the event's entities need.

    Identities of events lie in the state too: 16 bytes that name an event, with 8 that digest its content.
    """

    def __init__(self) -> None:
        self._codec, self._rules = Codec(), Rules()
        self._types = frozenset(load_topics()[SURVEY].event_types)

    def take(self, topic: str, partition: int, record: Made, state: KeyedState) -> Result:
        batch = Batch(topic, partition, Machine(state.get_bytes, self._rules, BY_PREFIX, LEDGERS, stage=KINDS.stage))
        self._take(batch, record, state)
        batch.machine.save()
        for name, changed in batch.machine.changes.items():
            if changed is None:
                state.delete(name)
            else:
                state.set_bytes(name, changed)
        return Result(dict(batch.rows), batch.signals, [letter.value or b"" for letter in batch.dead])

    def _take(self, batch: Batch, record: Made, state: KeyedState) -> None:
        value, ingested_at = record.value(), record.stored_ms * 1000
        event = event_of(value, self._codec.decode_array, self._types, batch.topic)
        if isinstance(event, tuple):
            self._refuse(batch, record, *event)
            return
        refusal = refusal_of(event, record.key(), ingested_at, len(value)) or off_scale(batch, event)
        if refusal is not None:
            self._refuse(batch, record, *refusal)
            return
        one = fingerprint_of(event.source, event.event_id, value)
        known = state.get_bytes(one[:IDENTITY_BYTES])
        if known is None:
            state.set_bytes(one[:IDENTITY_BYTES], one[IDENTITY_BYTES:])
            self._fold(batch, record, RecordedEvent(event, ingested_at), one)
        elif known != one[IDENTITY_BYTES:]:
            self._refuse(batch, record, "conflicting_duplicate", "its event_id came before with other content")

    def _fold(self, batch: Batch, record: Made, recorded: RecordedEvent, one: bytes) -> None:
        reducer = reducer_of(recorded.event)
        batch.write(batch.machine.take(reducer, recorded, one, len(record.value())), 0)
        batch.rows[EventRow.TABLE].append(event_row(record, recorded, batch, reducer.entity(recorded.event), 0))

    def _refuse(self, batch: Batch, record: Made, reason: str, detail: str) -> None:
        refuse(batch, record, (reason, detail), 0, self._codec.envelope(record.value()))
