"""Framed records to what their compiled reader makes of them."""

from functools import cache
from typing import Any

from schemas import frames
from schemas.catalogue import SchemaVersion, latest_schemas, load_schemas
from schemas.confluent import Confluent
from schemas.errors import Undecodable
from schemas.reader import Node, Reader, compile_reader

MAX_EVENT_BYTES = 1024 * 1024


class Decoder:
    """Decodes records of every known schema; readers are compiled at the first record that needs them.

    Fields come out as dicts, or as `arrays`: the event type and then the values in schema order, nested records
    alike. Safe to share between threads.
    """

    def __init__(self, registry: Confluent | None, *, arrays: bool) -> None:
        self._registry = registry
        self._arrays = arrays
        self._known: dict[bytes, tuple[str, Reader, int]] = {}

    def decode(self, value: bytes | None) -> tuple[str, Any]:
        """Return the event type and the fields of its latest version, instants as int microseconds.

        Raises Undecodable, and RegistryUnavailableError where a registry is configured and does not answer.
        """
        if not value:
            raise Undecodable("empty_value", "the record has no value")
        if len(value) > MAX_EVENT_BYTES:
            raise Undecodable("too_large", f"{len(value)} bytes, the limit is {MAX_EVENT_BYTES}")
        known = self._known.get(value[: frames.SINGLE_OBJECT_HEADER])
        event_type, read, start = known or self._known.get(value[: frames.CONFLUENT_HEADER]) or self._look_up(value)
        try:
            fields, end = read(value, start)
        except Exception as error:  # every way to fail on a record's bytes is the record's fault
            raise Undecodable("malformed", f"{event_type}: {type(error).__name__}: {error}") from error
        if end != len(value):
            raise _wrong_length(event_type, end, len(value))
        return event_type, fields

    def _look_up(self, value: bytes) -> tuple[str, Reader, int]:
        """Find the reader of a record whose header is new, and where the record starts."""
        if value.startswith(frames.SINGLE_OBJECT):
            header = value[: frames.SINGLE_OBJECT_HEADER]
            schema = _by_header().get(header)
            if schema is None:
                raise Undecodable("unknown_schema", f"no schema has fingerprint {value[2:10].hex()}")
            reader = self._compile(schema.definition, latest_schemas()[schema.event_type])
            found = schema.event_type, reader, len(header)
        elif value.startswith(frames.CONFLUENT):
            header = value[: frames.CONFLUENT_HEADER]
            found = *self._registered(header), len(header)
        else:
            raise Undecodable("unknown_frame", f"the first bytes are {value[:2].hex()}")
        self._known[header] = found
        return found

    def _registered(self, header: bytes) -> tuple[str, Reader]:
        if self._registry is None:
            raise Undecodable("unknown_schema", "the record is in the Confluent frame and no registry is configured")
        if len(header) < frames.CONFLUENT_HEADER:
            raise Undecodable("malformed", f"{len(header)} bytes are too few for a frame")
        return self._registry.reader(int.from_bytes(header[1:], "big"), self._compile)

    def _compile(self, writer: Node, latest: SchemaVersion) -> Reader:
        return compile_reader(writer, latest.definition, tag=latest.event_type if self._arrays else None)


@cache
def _by_header() -> dict[bytes, SchemaVersion]:
    return {frames.single_object(schema.fingerprint): schema for schema in load_schemas().values()}


def _wrong_length(event_type: str, end: int, length: int) -> Undecodable:
    if end < length:
        return Undecodable("trailing_bytes", f"{event_type} ends at byte {end} of {length}")
    return Undecodable("malformed", f"{event_type} ends behind the last byte")
