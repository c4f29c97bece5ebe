"""Output of a record itself: the row of an accepted event, or a dead letter and its row."""

from typing import Any

import msgspec

from schemas.envelope import Envelope
from streams.core.algebra import RecordedEvent
from streams.core.limits import Refusal
from streams.core.rows_reference import DeadLetterRow
from streams.live.fold.batch import Batch, DeadLetter
from streams.live.fold.record import Record
from streams.live.fold.redacted_reasons import unquoted

MAX_KEY_BYTES = 1024
"""As much of a record's key as its row shows; the dead letter holds all of it."""


def event_row(record: Record, recorded: RecordedEvent, batch: Batch, entity: str, version: int) -> tuple[Any, ...]:
    """Return a complete EventRow as a bare tuple, for every event passes here. `entity` is kind:id."""
    event = recorded.event
    return (
        event.account_id,
        entity,
        batch.topic,
        batch.partition,
        record.offset(),
        event.event_id,
        event.EVENT_TYPE,
        event.source,
        event.occurred_at,
        recorded.ingested_at,
        event.corrects_event_id or "",
        event.is_test,
        version,
        0,
    )


def refuse(
    batch: Batch,
    record: Record,
    refusal: Refusal,
    version: int,
    envelope: Envelope = Envelope(),  # noqa: B008 - frozen
) -> None:
    """Put the record aside in the batch. `version` is that of the row, `envelope` what can be read of the event."""
    reason, detail = refusal[0], unquoted(refusal[1])  # readers see it, and not the record
    offset, key, value, at = record.offset(), record.key(), record.value(), record.timestamp()[1]
    batch.dead.append(
        DeadLetter(batch.topic, batch.partition, offset, at, key, value, record.headers(), reason, detail, envelope)
    )
    account_key = (key or b"")[:MAX_KEY_BYTES].decode(errors="replace")
    sender = (envelope.source, envelope.event_type, envelope.event_id)
    origin = (batch.topic, batch.partition, offset, account_key)
    row = DeadLetterRow(*origin, reason, detail, at * 1000, len(value or b""), *sender)
    batch.rows[row.TABLE].append((*msgspec.structs.astuple(row), version, 0))
