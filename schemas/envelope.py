"""Read what a record says of its sender, as far as its bytes go: for whoever has to be told that it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from schemas import frames
from schemas.catalogue import load_schemas
from schemas.claims import registered
from schemas.errors import RegistryUnavailableError, Undecodable
from schemas.walk import walk

if TYPE_CHECKING:
    from schemas.confluent import Confluent

LONGEST = 200
"""Characters of an id or a source that are kept: they come from outside, and may be a megabyte long."""
_FIRST = 16
"""Values read of a record: the envelope stands first."""


class Envelope(msgspec.Struct, frozen=True):
    """Type, event id and source of an event, each empty where it cannot be read."""

    event_type: str = ""
    event_id: str = ""
    source: str = ""


_NOTHING = Envelope()


class EnvelopeReader:
    """Reads envelopes of records that may be broken. Safe to share between threads."""

    def __init__(self, registry: Confluent | None = None) -> None:
        self._registry = registry
        self._known: dict[bytes, tuple[str, Any] | None] = {}

    def read(self, value: bytes | None) -> Envelope:
        """Return what the first bytes say. Raises nothing, whatever they are."""
        value = value or b""
        single = value.startswith(frames.SINGLE_OBJECT)
        start = frames.SINGLE_OBJECT_HEADER if single else frames.CONFLUENT_HEADER
        written = self._schema(value[:start], single=single) if len(value) >= start else None
        if written is None:
            return _NOTHING
        event_type, definition = written
        fields = walk(value, start, definition, _FIRST).fields
        return Envelope(event_type, _text(fields.get("event_id")), _text(fields.get("source")))

    def _schema(self, header: bytes, *, single: bool) -> tuple[str, Any] | None:
        """Return event type and definition of the writer's schema, None where nobody knows it."""
        if header in self._known:
            return self._known[header]
        if single:
            found = _by_fingerprint(header[len(frames.SINGLE_OBJECT) :])
        elif header.startswith(frames.CONFLUENT):
            try:
                found = registered(self._registry, int.from_bytes(header[len(frames.CONFLUENT) :], "big"))
            except (Undecodable, RegistryUnavailableError):
                return None  # known perhaps tomorrow, so not remembered
        else:
            return None
        if found is not None:
            self._known[header] = found
        return found


def _by_fingerprint(fingerprint: bytes) -> tuple[str, Any] | None:
    found = (each for each in load_schemas().values() if each.fingerprint == fingerprint)
    return next(((each.event_type, each.definition) for each in found), None)


def _text(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""
