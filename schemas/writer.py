"""Writes events as Avro records, refusing what does not fit the schema to the letter."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import fastavro

from schemas import frames
from schemas.catalogue import SchemaVersion, without_logical_types
from schemas.errors import InvalidEventError
from schemas.shape import compile_check

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return microseconds since 1970 in UTC; ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at}")
    return (at - EPOCH) // MICROSECOND


class Writer:
    """Writes the records of one schema version; `header` is their single-object frame."""

    def __init__(self, schema: SchemaVersion) -> None:
        plain = without_logical_types(schema.definition)
        self.schema = schema
        self.header = frames.single_object(schema.fingerprint)
        self._instants = schema.instants
        self._check = compile_check(plain)
        self._parsed = fastavro.parse_schema(plain)

    def body(self, fields: Mapping[str, Any]) -> bytes:
        """Return the bare record. Raises InvalidEventError naming what is missing, unknown or of the wrong type."""
        buffer = BytesIO()
        try:
            record = self._instants.changed(fields, _plain)
            self._check(record)
            fastavro.schemaless_writer(buffer, self._parsed, record)
        except Exception as error:  # the encoder speaks in TypeError, ValueError and more
            raise InvalidEventError(f"{self.schema.event_type}: {error}") from error
        return buffer.getvalue()


def _plain(_name: str, at: Any) -> Any:
    """Turn a datetime into microseconds."""
    return micros(at) if isinstance(at, datetime) else at
