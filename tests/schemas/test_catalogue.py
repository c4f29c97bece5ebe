import json
from typing import Any

import avro.schema
import pytest

from schemas.catalogue import SchemaVersion, crc64, load_schemas, without_logical_types
from schemas.structs import ENVELOPE

SCHEMAS = list(load_schemas().values())
EACH_SCHEMA = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda s: f"{s.event_type}.v{s.version}")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ('"null"', 0x63DD24E7CC258F8A),
        ('"boolean"', 0x9F42FC78A4D4F764),
        ('"int"', 0x7275D51A3F395C8F),
        ('"long"', 0xD054E14493F41DB7),
        ('"float"', 0x4D7C02CB3EA8D790),
        ('"double"', 0x8E7535C032AB957E),
        ('"bytes"', 0x4FC016DAC3201965),
        ('"string"', 0x8F014872634503C7),
    ],
)
def test_fingerprints_equal_those_that_apache_publishes(schema: str, expected: int) -> None:
    """Producers in other languages compute the fingerprint with Apache Avro; its tests publish these values."""
    assert int.from_bytes(crc64(json.loads(schema)), "little") == expected
    assert avro.schema.parse(schema).fingerprint() == crc64(json.loads(schema))


@EACH_SCHEMA
def test_both_avro_libraries_agree_on_our_fingerprints(schema: SchemaVersion) -> None:
    """A second implementation must name each schema alike.

    Logical types are taken out first: Apache's Python library leaves {"type": "long"} in its canonical form where
    the specification, and Apache's Java library, write "long".
    """
    text = json.dumps(without_logical_types(schema.definition))
    assert avro.schema.parse(text).fingerprint() == schema.fingerprint


def test_no_two_schemas_share_a_fingerprint() -> None:
    """The fingerprint leaves out defaults and enum defaults, so versions that differ in those alone would collide."""
    assert len({schema.fingerprint for schema in SCHEMAS}) == len(SCHEMAS)


@EACH_SCHEMA
def test_every_event_begins_with_the_envelope(schema: SchemaVersion) -> None:
    """Workers order, deduplicate and route by the envelope before they know the type."""
    if schema.topic != "signals":
        fields = schema.definition["fields"]
        assert tuple(field["name"] for field in fields[: len(ENVELOPE)]) == ENVELOPE
        assert [field["type"] for field in fields[:5]] == [
            "string",
            "string",
            {"type": "long", "logicalType": "timestamp-micros"},
            "string",
            ["null", "long"],
        ]


@EACH_SCHEMA
def test_names_follow_the_file(schema: SchemaVersion) -> None:
    """The record's full name is the registry's subject and Java's class name."""
    camel = "".join(part.capitalize() for part in schema.event_type.split("_"))
    assert schema.full_name == f"cx.{schema.topic}.{camel}"


@EACH_SCHEMA
def test_everything_is_described(schema: SchemaVersion) -> None:
    """The schema is the producers' documentation."""
    for node in _nodes(schema.definition):
        if "name" in node:
            assert node["doc"].endswith(".")


@EACH_SCHEMA
def test_enums_and_optional_fields_carry_their_defaults(schema: SchemaVersion) -> None:
    """Without a default symbol a new symbol breaks old readers; without null a new field breaks old data."""
    for node in _nodes(schema.definition):
        if node["type"] == "enum":
            assert node["default"] == "UNKNOWN"
        if isinstance(node["type"], list):
            assert node["type"][0] == "null"
            assert node["default"] is None
        assert "aliases" not in node


def _nodes(node: Any) -> list[dict[str, Any]]:
    """List every schema and field under a schema."""
    if isinstance(node, list):
        return [found for part in node for found in _nodes(part)]
    if not isinstance(node, dict):
        return []
    inner = [found for key in ("type", "fields", "items", "values") for found in _nodes(node.get(key))]
    return [node, *inner]
