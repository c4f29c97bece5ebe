from typing import Any

import fastavro
import msgspec
import pytest
from fastavro.validation import validate
from hypothesis import given
from hypothesis import strategies as st

from schemas.shape import compile_check

TYPES: list[Any] = [
    "string",
    "int",
    "long",
    "boolean",
    "double",
    ["null", "string"],
    ["null", "double"],
    ["null", "long"],
    {"type": "enum", "name": "E", "symbols": ["A", "B"]},
    {"type": "array", "items": "int"},
    {"type": "map", "values": "string"},
    {"type": "record", "name": "Inner", "fields": [{"name": "n", "type": "int"}]},
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
    | st.floats()
    | st.sampled_from(["A", "B", "C", "", "1"])
    | st.binary(max_size=3)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["n", "k"]), SCALARS, max_size=2)


def schema(avro_type: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Probe", "fields": [{"name": "f", "type": avro_type}]}


def accepted(avro_type: Any, value: Any) -> bool:
    try:
        compile_check(schema(avro_type))({"f": value})
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("avro_type", TYPES, ids=str)
@given(value=VALUES)
def test_accepts_what_fastavro_accepts(avro_type: Any, value: Any) -> None:
    """The check stands in for fastavro's, which is laxer for unknown fields and takes bytes for a list of integers."""
    theirs = validate({"f": value}, fastavro.parse_schema(schema(avro_type)), raise_errors=False)
    unknown = isinstance(value, dict) and isinstance(avro_type, dict) and avro_type["type"] == "record" and "k" in value
    assert accepted(avro_type, value) == (theirs and not unknown and not isinstance(value, bytes))


def test_named_types_may_be_used_twice() -> None:
    """The second use stands in a schema as a name only."""
    kind = {"type": "enum", "name": "E", "symbols": ["A"]}
    fields = [{"name": "a", "type": kind}, {"name": "b", "type": {"type": "array", "items": "E"}}]
    check = compile_check({"type": "record", "name": "Probe", "fields": fields})
    check({"a": "A", "b": ["A"]})
    with pytest.raises(msgspec.ValidationError, match=r"\$\.b\[1\]"):
        check({"a": "A", "b": ["A", "B"]})
