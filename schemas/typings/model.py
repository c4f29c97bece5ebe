"""The contract as languages see it: events, the records and enums within them, and what a field may hold."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from schemas.catalogue import Definition, SchemaVersion, latest_schemas
from schemas.structs import ENVELOPE
from schemas.topics import load_topics

Scalar = Literal["string", "boolean", "int", "long", "double", "instant"]
_LOGICAL = "timestamp-micros"


class Named(msgspec.Struct, frozen=True):
    """A record or an enum, by its name."""

    name: str
    is_enum: bool


class Many(msgspec.Struct, frozen=True):
    """A list, or a map from strings."""

    of: Type
    is_map: bool


Type = Scalar | Named | Many


class Field(msgspec.Struct, frozen=True):
    """One field; `may_be_null` where null is a value, `default` where it may be left out (msgspec.UNSET elsewhere)."""

    name: str
    type: Type
    doc: str
    may_be_null: bool
    default: Any = msgspec.UNSET

    @property
    def is_required(self) -> bool:
        return self.default is msgspec.UNSET


class Record(msgspec.Struct, frozen=True):
    """A record; an event has its type and its topic's short name too, and the envelope's fields first."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    event_type: str = ""
    topic: str = ""

    @property
    def own(self) -> tuple[Field, ...]:
        """The fields behind the envelope."""
        return self.fields[len(ENVELOPE) :] if self.event_type else self.fields


class Enum(msgspec.Struct, frozen=True):
    name: str
    doc: str
    symbols: tuple[str, ...]


class Contract(msgspec.Struct, frozen=True):
    """All that applications send, each list in the order of the topics."""

    events: tuple[Record, ...]
    records: tuple[Record, ...]
    enums: tuple[Enum, ...]

    @property
    def envelope(self) -> tuple[Field, ...]:
        return self.events[0].fields[: len(ENVELOPE)]


def contract() -> Contract:
    """Return the newest version of every type that an application may send."""
    reading = _Reading()
    events = tuple(reading.event(schema) for schema in latest_schemas().values() if _is_sent(schema))
    found = reading.named.values()
    return Contract(
        events,
        tuple(each for each in found if isinstance(each, Record)),
        tuple(each for each in found if isinstance(each, Enum)),
    )


def _is_sent(schema: SchemaVersion) -> bool:
    return load_topics()[schema.topic].event_types[schema.event_type].entity is not None


class _Reading:
    """Reads schemas, and keeps what is named in them; raises ValueError where one name stands for two things."""

    def __init__(self) -> None:
        self.named: dict[str, Record | Enum] = {}

    def event(self, schema: SchemaVersion) -> Record:
        node = schema.definition
        return Record(node["name"], node["doc"], self._fields(node), schema.event_type, schema.topic)

    def _fields(self, node: Definition) -> tuple[Field, ...]:
        return tuple(self._field(field) for field in node["fields"])

    def _field(self, field: Definition) -> Field:
        branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
        (branch,) = [each for each in branches if each != "null"]
        default = field.get("default", msgspec.UNSET)
        return Field(field["name"], self._type(branch), field["doc"], "null" in branches, default)

    def _type(self, node: Any) -> Type:
        if isinstance(node, str):
            return Named(node, isinstance(self.named[node], Enum)) if node in self.named else _scalar(node)
        match node["type"]:
            case "array":
                return Many(self._type(node["items"]), is_map=False)
            case "map":
                return Many(self._type(node["values"]), is_map=True)
            case "enum":
                return self._keep(Enum(node["name"], node["doc"], tuple(node["symbols"])))
            case "record":
                return self._keep(Record(node["name"], node["doc"], self._fields(node)))
            case _:
                return "instant" if node.get("logicalType") == _LOGICAL else _scalar(node["type"])

    def _keep(self, found: Record | Enum) -> Named:
        if self.named.setdefault(found.name, found) != found:
            raise ValueError(f"{found.name} is defined in two ways")
        return Named(found.name, isinstance(found, Enum))


def _scalar(name: str) -> Scalar:
    scalar: Scalar = msgspec.convert(name, Scalar)
    return scalar
