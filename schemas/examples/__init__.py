"""The corpus of examples: events that must be taken in and events that must be refused for a named reason."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from schemas.catalogue import SchemaVersion, load_schemas
from schemas.codec import Codec, micros

EXAMPLES_DIR = Path(__file__).parent
STORED_AT = "2026-11-01T12:00:00Z"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An example as it stands in its file; instants in ISO 8601.

    `key` is the account_id where it is left out. `value_hex` is the record itself where no producer of ours would
    write it. `sent_to` is a topic other than the type's own. `earlier` events come before in the same partition.
    """

    why: str
    reason: str | None = None
    key: str | msgspec.UnsetType | None = msgspec.UNSET
    sent_to: str | None = None
    stored_at: str = STORED_AT
    earlier: tuple[dict[str, Any], ...] = ()
    event: dict[str, Any] | None = None
    value_hex: str | None = None


class Example(msgspec.Struct, frozen=True):
    """One example, ready to be produced: instants are int microseconds.

    `reason` is the dead letter's, None where the event must be taken in. `fields` is None where the value is no
    event. `stored_at` is the time of the Kafka record. `earlier` holds the values that come before it.
    """

    path: Path
    topic: str
    event_type: str
    version: int
    case: str
    why: str
    reason: str | None
    key: bytes | None
    fields: dict[str, Any] | None
    value: bytes
    stored_at: int
    earlier: tuple[bytes, ...]

    @property
    def passes(self) -> bool:
        return self.reason is None


@cache
def load() -> tuple[Example, ...]:
    """Read the whole corpus, ordered by topic, event type and case; do not change what it returns.

    Raises msgspec.ValidationError, KeyError or ValueError for a file that is no example of a declared schema.
    """
    return tuple(_examples(Codec()))


def _examples(codec: Codec) -> Iterator[Example]:
    for path in sorted(EXAMPLES_DIR.glob("*/*.json")):
        event_type, version, case, verdict, _ = path.name.split(".")
        schema = load_schemas()[event_type, int(version.removeprefix("v"))]
        example = _example(codec, path, schema, case)
        if example.passes != (verdict == "pass"):
            raise ValueError(f"{path.name}: a fail example has a reason, a pass example has none")
        yield example


def _example(codec: Codec, path: Path, schema: SchemaVersion, case: str) -> Example:
    file = msgspec.json.decode(path.read_bytes(), type=_File)
    fields = None if file.event is None else instants(schema, file.event)
    key = file.key if file.key is not msgspec.UNSET else (fields or {})["account_id"]
    return Example(
        path=path,
        topic=file.sent_to or schema.topic,
        event_type=schema.event_type,
        version=schema.version,
        case=case,
        why=file.why,
        reason=file.reason,
        key=None if key is None else key.encode(),
        fields=fields,
        value=bytes.fromhex(file.value_hex or "") if fields is None else _encoded(codec, schema, fields),
        stored_at=_micros(file.stored_at),
        earlier=tuple(_encoded(codec, schema, instants(schema, event)) for event in file.earlier),
    )


def _encoded(codec: Codec, schema: SchemaVersion, fields: dict[str, Any]) -> bytes:
    return codec.encode(schema.event_type, fields, schema.version)


def instants(schema: SchemaVersion, event: dict[str, Any]) -> dict[str, Any]:
    """Turn the ISO 8601 instants of a JSON event into int microseconds."""
    return schema.instants.changed(event, lambda _name, text: _micros(text))


def _micros(text: str) -> int:
    return micros(datetime.fromisoformat(text))
