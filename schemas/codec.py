"""Events to bytes and back, in both frames."""

from collections.abc import Mapping
from typing import Any

from schemas import frames
from schemas.catalogue import SchemaVersion, latest_schemas, load_schemas
from schemas.confluent import Confluent
from schemas.errors import InvalidEventError, Undecodable
from schemas.reader import Fields, Reader, compile_reader
from schemas.writer import Writer, micros

__all__ = ["MAX_EVENT_BYTES", "Codec", "Confluent", "InvalidEventError", "Undecodable", "micros"]

MAX_EVENT_BYTES = 1024 * 1024


class Codec:
    """Encodes events for producers and decodes them for workers; safe to share between threads.

    Without a registry it writes Avro single-object encoding; with one it writes the Confluent frame and reads both.
    """

    def __init__(self, registry: Confluent | None = None) -> None:
        self._registry = registry
        self._writers = {key: Writer(schema) for key, schema in load_schemas().items()}
        self._latest = {name: schema.version for name, schema in latest_schemas().items()}
        self._readers = {
            frames.single_object(schema.fingerprint): (schema.event_type, _reader_of(schema))
            for schema in load_schemas().values()
        }
        self._registered: dict[bytes, tuple[str, Reader]] = {}

    def encode(self, event_type: str, fields: Mapping[str, Any], version: int | None = None) -> bytes:
        """Return the framed record; instants are int microseconds or aware datetimes, defaults may be left out.

        Raises InvalidEventError where the fields do not fit the schema or exceed MAX_EVENT_BYTES, and
        RegistryUnavailableError where a configured registry does not answer.
        """
        writer = self._writers.get((event_type, version or self._latest.get(event_type, 0)))
        if writer is None:
            raise InvalidEventError(f"there is no event type {event_type}, version {version or 'any'}")
        header = writer.header if self._registry is None else self._registry.header(writer.schema)
        value = header + writer.body(fields)
        if len(value) > MAX_EVENT_BYTES:
            raise InvalidEventError(f"{event_type} of {len(value)} bytes is larger than {MAX_EVENT_BYTES}")
        return value

    def decode(self, value: bytes | None) -> tuple[str, Fields]:
        """Return the event type and the fields of its latest version, instants as int microseconds.

        Raises Undecodable, and RegistryUnavailableError where a registry is configured and does not answer.
        """
        if not value:
            raise Undecodable("empty_value", "the record has no value")
        if len(value) > MAX_EVENT_BYTES:
            raise Undecodable("too_large", f"{len(value)} bytes, the limit is {MAX_EVENT_BYTES}")
        offset = frames.SINGLE_OBJECT_HEADER
        known = self._readers.get(value[:offset])
        if known is None:
            offset = frames.CONFLUENT_HEADER
            known = self._registered.get(value[:offset]) or self._look_up(value)
        event_type, read = known
        try:
            fields, end = read(value, offset)
        except Exception as error:  # every way to fail on a record's bytes is the record's fault
            raise Undecodable("malformed", f"{event_type}: {type(error).__name__}: {error}") from error
        if end != len(value):
            raise _wrong_length(event_type, end, len(value))
        return event_type, fields

    def _look_up(self, value: bytes) -> tuple[str, Reader]:
        """Find the reader of a record whose header is new."""
        if value.startswith(frames.SINGLE_OBJECT):
            raise Undecodable("unknown_schema", f"no schema has fingerprint {value[2:10].hex()}")
        if not value.startswith(frames.CONFLUENT):
            raise Undecodable("unknown_frame", f"the first bytes are {value[:2].hex()}")
        header = value[: frames.CONFLUENT_HEADER]
        if self._registry is None:
            raise Undecodable("unknown_schema", "the record is in the Confluent frame and no registry is configured")
        if len(header) < frames.CONFLUENT_HEADER:
            raise Undecodable("malformed", f"{len(header)} bytes are too few for a frame")
        found = self._registered[header] = self._registry.reader(int.from_bytes(header[1:], "big"))
        return found


def _reader_of(schema: SchemaVersion) -> Reader:
    return compile_reader(schema.definition, latest_schemas()[schema.event_type].definition)


def _wrong_length(event_type: str, end: int, length: int) -> Undecodable:
    if end < length:
        return Undecodable("trailing_bytes", f"{event_type} ends at byte {end} of {length}")
    return Undecodable("malformed", f"{event_type} ends behind the last byte")
