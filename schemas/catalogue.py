"""Every schema version that the topics declare, with its fingerprint."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.instants import Instants, instants_of
from schemas.topics import load_topics

AVRO_DIR = Path(__file__).parent / "avro"

Definition = dict[str, Any]


class SchemaVersion(msgspec.Struct, frozen=True):
    """One schema: `text` is its file as it stands, `fingerprint` the eight bytes that name it on the wire."""

    topic: str
    event_type: str
    version: int
    text: str
    fingerprint: bytes

    @property
    def definition(self) -> Definition:
        """The schema as parsed JSON, a fresh copy at each call."""
        parsed: Definition = json.loads(self.text)
        return parsed

    @property
    def full_name(self) -> str:
        """Avro's name of the record, namespace included."""
        definition = self.definition
        return f"{definition['namespace']}.{definition['name']}"

    @property
    def instants(self) -> Instants:
        """Find the record's instants."""
        return instants_of(self.definition)

    @property
    def path(self) -> Path:
        return schema_path(self.topic, self.event_type, self.version)


def schema_path(topic: str, event_type: str, version: int) -> Path:
    return AVRO_DIR / topic / f"{event_type}.v{version}.avsc"


def crc64(definition: Definition | str) -> bytes:
    """Return the CRC-64-AVRO fingerprint, least significant byte first (Avro 1.12, "Schema Fingerprints")."""
    digits: str = fingerprint(to_parsing_canonical_form(definition), "CRC-64-AVRO")
    return bytes.fromhex(digits)


@cache
def load_schemas() -> dict[tuple[str, int], SchemaVersion]:
    """Read the schemas of all topics by (event type, version), the topics' order kept.

    Raises OSError where a declared schema has no file.
    """
    found: dict[tuple[str, int], SchemaVersion] = {}
    for topic in load_topics().values():
        for event_type, declared in topic.event_types.items():
            for version in declared.versions:
                text = schema_path(topic.name, event_type, version).read_text(encoding="utf-8")
                mark = crc64(json.loads(text))
                found[event_type, version] = SchemaVersion(topic.name, event_type, version, text, mark)
    return found


@cache
def latest_schemas() -> dict[str, SchemaVersion]:
    """Return the newest version of every event type."""
    newest: dict[str, SchemaVersion] = {}
    for schema in load_schemas().values():
        known = newest.get(schema.event_type)
        if known is None or known.version < schema.version:
            newest[schema.event_type] = schema
    return newest


def without_logical_types(node: Any) -> Any:
    """Return a schema whose instants are plain integers, which is what crosses the codec."""
    if isinstance(node, list):
        return [without_logical_types(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "logicalType" in node:
        return node["type"]
    return {key: without_logical_types(part) for key, part in node.items()}
