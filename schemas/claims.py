"""Find the schema that a record claims to be written with, and the known one that it is nearest to."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from schemas import frames
from schemas.catalogue import SchemaVersion, load_schemas
from schemas.confluent import Confluent
from schemas.errors import RegistryUnavailableError, Undecodable
from schemas.reader import Reader, compile_reader
from schemas.walk import Walked, walk

_FEW = 3
_PROBE = 500
_SIMILAR_BYTES = 6
_PLAUSIBLE = 4

Frame = Literal["single-object", "confluent", "none"]


class Look(msgspec.Struct, frozen=True):
    """Tell what can be said of a record's bytes.

    `claimed` is the header in words; `schema` names the schema as type and version, empty where none is known, and
    `nearest` then names known ones that the bytes may have been meant for, best first. `walked` is None where there
    is no schema to read by; `at` is the offset from which on only bytes can be shown.
    """

    frame: Frame
    claimed: str
    schema: str
    nearest: tuple[str, ...]
    walked: Walked | None
    at: int
    why: str


def look(value: bytes | None, registry: Confluent | None = None, topic: str = "") -> Look:
    """Look at a record. Raises nothing, whatever the bytes; a registry may be asked for the writer's schema.

    Many events look alike but for their names: schemas of the topic (short name) where it stood are thought of first.
    """
    value = value or b""
    if value.startswith(frames.SINGLE_OBJECT):
        return _single_object(value, topic)
    if value.startswith(frames.CONFLUENT):
        return _confluent(value, registry, topic)
    if not value:
        return Look("none", "nothing: the record has no value", "", (), None, 0, "the record has no value")
    why = f"no frame begins with {value[:2].hex(' ')}"
    if value.lstrip()[:1] in (b"{", b"["):
        why += "; it looks like JSON"
    return Look("none", "nothing: there is no frame", "", _whole(value, 0, topic), None, 0, why)


def name(schema: SchemaVersion) -> str:
    return f"{schema.event_type} v{schema.version}"


def _single_object(value: bytes, topic: str) -> Look:
    start = min(len(value), frames.SINGLE_OBJECT_HEADER)
    fingerprint = value[len(frames.SINGLE_OBJECT) : start]
    claimed = f"fingerprint {fingerprint.hex()}"
    schema = next((each for each in load_schemas().values() if each.fingerprint == fingerprint), None)
    if schema is not None:
        walked = walk(value, start, schema.definition)
        return Look("single-object", claimed, name(schema), (), walked, walked.end, walked.why)
    why = f"no known schema has the fingerprint {fingerprint.hex()}"
    if len(value) < frames.SINGLE_OBJECT_HEADER:
        return Look("single-object", claimed, "", (), None, 0, f"{len(value)} bytes are too few for a frame")
    near = _similar(fingerprint) or _whole(value, start, topic) or _furthest(value, start, topic)
    return Look("single-object", claimed, "", near, None, start, why)


def _confluent(value: bytes, registry: Confluent | None, topic: str) -> Look:
    start = min(len(value), frames.CONFLUENT_HEADER)
    if len(value) < frames.CONFLUENT_HEADER:
        return Look("confluent", "nothing", "", (), None, 0, f"{len(value)} bytes are too few for a frame")
    number = int.from_bytes(value[1:start], "big")
    claimed = f"schema {number} of the registry"
    try:
        event_type, written = registered(registry, number)
    except (Undecodable, RegistryUnavailableError) as error:
        why = error.detail if isinstance(error, Undecodable) else str(error)
        near = _whole(value, start, topic) or _furthest(value, start, topic)
        return Look("confluent", claimed, "", near, None, start, why)
    walked = walk(value, start, written)
    return Look("confluent", claimed, f"{event_type} as schema {number}", (), walked, walked.end, walked.why)


def registered(registry: Confluent | None, number: int) -> tuple[str, Any]:
    """Return event type and definition of a registered schema, by the very rules of the decoder."""
    if registry is None:
        raise Undecodable("unknown_schema", "the record is in the Confluent frame and no registry is configured")
    found: list[Any] = []

    def compiled(writer: Any, ours: SchemaVersion) -> Reader:
        found.append(writer)
        return compile_reader(writer, ours.definition)

    event_type, _ = registry.reader(number, compiled)
    return event_type, found[0]


def _similar(fingerprint: bytes) -> tuple[str, ...]:
    """Return the schemas whose fingerprint differs in one or two bytes: the header may have been damaged."""
    alike = {each: sum(map(int.__eq__, each.fingerprint, fingerprint)) for each in load_schemas().values()}
    return tuple(name(each) for each, same in alike.items() if same >= _SIMILAR_BYTES)[:_FEW]


def _known(topic: str) -> list[SchemaVersion]:
    return sorted(load_schemas().values(), key=lambda each: each.topic != topic)


def _whole(value: bytes, start: int, topic: str) -> tuple[str, ...]:
    """Return the schemas by which the bytes are a record to the last one."""
    fitting = (each for each in _known(topic) if not walk(value, start, each.definition, _PROBE).why)
    return tuple(map(name, fitting))[:_FEW]


def _furthest(value: bytes, start: int, topic: str) -> tuple[str, ...]:
    """Return the schema by which most values can be read; any bytes are a value or two by some schema."""
    read = {each: len(walk(value, start, each.definition, _PROBE).parts) for each in _known(topic)}
    best = max(read, key=read.__getitem__)
    return (name(best),) if read[best] >= _PLAUSIBLE else ()
