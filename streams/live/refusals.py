"""A record that cannot be taken leaves a dead letter for the topic of its kind and a row that people can look up."""

import msgspec

from streams.core.admission import Refusal
from streams.core.rows import DeadLetterRow
from streams.live.batch import Batch, DeadLetter
from streams.live.record import Record

MAX_KEY_BYTES = 1024
"""As much of a record's key as its row shows; the dead letter holds all of it."""


def refuse(batch: Batch, record: Record, refusal: Refusal, version: int) -> None:
    """Put the record aside in the batch. `version` is that of the row."""
    reason, detail = refusal
    offset, key, value, at = record.offset(), record.key(), record.value(), record.timestamp()[1]
    batch.dead.append(
        DeadLetter(batch.topic, batch.partition, offset, at, key, value, record.headers(), reason, detail)
    )
    account_key = (key or b"")[:MAX_KEY_BYTES].decode(errors="replace")
    row = DeadLetterRow(batch.topic, batch.partition, offset, account_key, reason, detail, at * 1000, len(value or b""))
    batch.rows[row.TABLE].append((*msgspec.structs.astuple(row), version, 0))
