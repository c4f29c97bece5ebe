"""Writes events as Avro records, refusing what does not fit the schema to the letter."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import fastavro
from fastavro.validation import ValidationError, validate

from schemas import frames
from schemas.catalogue import SchemaVersion, without_logical_types
from schemas.errors import InvalidEventError

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
        fields = schema.definition["fields"]
        self.schema = schema
        self.header = frames.single_object(schema.fingerprint)
        self._instants = schema.instants
        self._names = {field["name"] for field in fields}
        self._defaults = {field["name"]: field["default"] for field in fields if "default" in field}
        self._parsed = fastavro.parse_schema(without_logical_types(schema.definition))

    def body(self, fields: Mapping[str, Any]) -> bytes:
        """Return the bare record. Raises InvalidEventError naming what is missing, unknown or of the wrong type."""
        self._check_names(fields)
        buffer = BytesIO()
        try:
            record = self._plain(fields)
            validate(record, self._parsed)
            fastavro.schemaless_writer(buffer, self._parsed, record, strict_allow_default=True)
        except ValidationError as error:
            raise InvalidEventError(f"{self.schema.event_type}: {_said(error)}") from error
        except Exception as error:  # the encoder speaks in TypeError, ValueError and more
            raise InvalidEventError(f"{self.schema.event_type}: {error}") from error
        return buffer.getvalue()

    def _plain(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in defaults and turn datetimes into microseconds."""
        record = self._defaults | dict(fields)
        for name in self._instants:
            if isinstance(record[name], datetime):
                record[name] = micros(record[name])
        return record

    def _check_names(self, fields: Mapping[str, Any]) -> None:
        missing = self._names - self._defaults.keys() - fields.keys()
        unknown = fields.keys() - self._names
        for what, names in (("missing", missing), ("unknown", unknown)):
            if names:
                raise InvalidEventError(f"{self.schema.event_type}: {what} {', '.join(sorted(names))}")


def _said(error: ValidationError) -> str:
    """Say which field has which wrong value; the last of several errors is of the field's own type, not of null."""
    fault = error.errors[-1]
    wanted = fault.schema.get("name", fault.schema["type"]) if isinstance(fault.schema, dict) else fault.schema
    return f"{str(fault.field).rpartition('.')[2]} is {fault.datum!r:.60}, expected {wanted}"
