"""Histories as records, and what batches of them leave in the tables, without a broker or a database."""

from typing import Any

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.rows import TABLES
from streams.live.fold.batch import Batch
from tests.support.records import Record, record


class Tables(dict[tuple[Any, ...], tuple[Any, ...]]):
    """Rows by table and key."""


def recorded(history: list[RecordedEvent]) -> list[Record]:
    """The history as records, each stored when its note says."""
    return [
        record(
            offset,
            recorded_event.event.EVENT_TYPE,
            plain(recorded_event.event),
            at_ms=max(recorded_event.ingested_at, recorded_event.event.occurred_at) // 1000,
        )
        for offset, recorded_event in enumerate(history)
    ]


def plain(value: Any) -> Any:
    """The value as an emitter writes it."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(each) for name, each in msgspec.structs.asdict(value).items()}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def written(tables: Tables, batch: Batch) -> None:
    """Apply the batch's rows as the tables do: of one key the highest version holds, the last of equal ones."""
    for table, rows in batch.rows.items():
        for row in rows:
            key = (table, *row[: TABLES[table].KEY])
            if key not in tables or tables[key][-2] <= row[-2]:
                tables[key] = row


def shown(tables: Tables) -> Tables:
    """What views show: rows that were not withdrawn, without their versions."""
    return {key: row[:-2] for key, row in tables.items() if not row[-1]}
