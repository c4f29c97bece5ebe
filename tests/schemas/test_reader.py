import io
import json
import struct
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import load_schemas, without_logical_types
from schemas.reader import compile_reader
from schemas.varint import MalformedError
from tests.support.schema_values import LONGS, event_fields

SCHEMAS = list(load_schemas().values())
READERS = {s.fingerprint: compile_reader(s.definition, s.definition) for s in SCHEMAS}
PARSED = {s.fingerprint: fastavro.parse_schema(without_logical_types(s.definition)) for s in SCHEMAS}
REFUSALS = (ValueError, LookupError, struct.error)


def record(schema: Any, value: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), value)
    return buffer.getvalue()


def one_field(avro_type: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Probe", "fields": [{"name": "f", "type": avro_type, **more}]}


def read(avro_type: Any, data: bytes) -> Any:
    schema = one_field(avro_type)
    fields, end = compile_reader(schema, schema)(data, 0)
    assert end == len(data)
    return fields["f"]


@given(st.data())
def test_reads_what_two_other_libraries_read(data: st.DataObject) -> None:
    """The compiled readers replace fastavro on the hot path, so fastavro and Apache's own are its oracles."""
    schema = data.draw(st.sampled_from(SCHEMAS))
    fields = data.draw(event_fields(schema))
    parsed = PARSED[schema.fingerprint]
    value = record(parsed, fields)
    got, end = READERS[schema.fingerprint](b"??" + value, 2)
    assert end == len(value) + 2
    assert got == fields == fastavro.schemaless_reader(io.BytesIO(value), parsed, None)
    apache = avro.io.DatumReader(avro.schema.parse(json.dumps(without_logical_types(schema.definition))))
    assert got == apache.read(avro.io.BinaryDecoder(io.BytesIO(value)))


@given(LONGS)
def test_every_long_round_trips(number: int) -> None:
    """Integers of eight bytes take another road than the rest."""
    assert read("long", record(one_field("long"), {"f": number})) == number


@given(st.binary(max_size=20))
def test_any_bytes_are_an_integer_or_refused(data: bytes) -> None:
    """Bytes decide what an integer is; more than 64 bits are none."""
    try:
        number = read("long", data)
    except (*REFUSALS, AssertionError):
        return
    assert -(2**63) <= number < 2**63


@pytest.mark.parametrize(
    ("avro_type", "data"),
    [
        pytest.param("string", b"\x01abc", id="negative length"),
        pytest.param("string", b"\x01", id="negative length and nothing after it"),
        pytest.param("string", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", id="most negative length"),
        pytest.param("string", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", id="longest length"),
        pytest.param("string", b"\x80\x02" + b"a" * 127, id="one byte less than announced"),
        pytest.param("string", b"\x04\xff\xfe", id="not UTF-8"),
        pytest.param("string", b"\x06\xed\xa0\x80", id="a surrogate in UTF-8"),
        pytest.param("boolean", b"\x02", id="neither 0 nor 1"),
        pytest.param("int", b"\xff\xff\xff\xff\x1f", id="more than 32 bits"),
        pytest.param("long", b"\xff" * 9 + b"\x7f", id="more than 64 bits"),
        pytest.param("long", b"\x80" * 30 + b"\x01", id="more than ten bytes"),
        pytest.param("double", b"1234567", id="seven bytes"),
        pytest.param(["null", "string"], b"\x01", id="negative branch"),
        pytest.param(["null", "string"], b"\x04", id="third branch"),
        pytest.param({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\x01", id="negative symbol"),
        pytest.param({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\x04", id="third symbol"),
        pytest.param({"type": "array", "items": "string"}, b"\xff\xff\xff\xff\x0f", id="a billion elements announced"),
        pytest.param({"type": "array", "items": "string"}, b"\x02\x02a", id="no end of blocks"),
        pytest.param({"type": "array", "items": "string"}, b"\x80\x00\x00", id="a block of none that is not the end"),
        pytest.param({"type": "map", "values": "string"}, b"\x02\x02k", id="a key without a value"),
    ],
)
def test_what_the_specification_does_not_allow_is_refused(avro_type: Any, data: bytes) -> None:
    """A record that two readers understand differently must not be counted; several libraries let these pass."""
    with pytest.raises((*REFUSALS, AssertionError)):
        read(avro_type, data)


def test_blocks_may_carry_their_size() -> None:
    """A negative count announces the block's size in bytes; Java writes arrays so when asked to."""
    assert read({"type": "array", "items": "string"}, b"\x01\x04\x02a\x02\x02b\x00") == ["a", "b"]


OLD = {
    "type": "record",
    "name": "Probe",
    "fields": [
        {"name": "kept", "type": "string"},
        {"name": "dropped", "type": ["null", "string"], "default": None},
        {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["A", "GONE", "X"], "default": "X"}},
    ],
}
NEW = {
    "type": "record",
    "name": "Probe",
    "fields": [
        {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["NEW", "A", "X"], "default": "X"}},
        {"name": "kept", "type": "string"},
        {"name": "added", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "count", "type": "int", "default": 7},
    ],
}


@pytest.mark.parametrize(("writer", "reader"), [(OLD, NEW), (NEW, OLD), (OLD, OLD), (NEW, NEW)])
@given(data=st.data())
def test_versions_resolve_as_the_specification_says(writer: Any, reader: Any, data: st.DataObject) -> None:
    """Old writers meet new readers and the other way round while a deployment rolls."""
    names = {field["name"] for field in writer["fields"]}
    symbols = next(field for field in writer["fields"] if field["name"] == "kind")["type"]["symbols"]
    fields = {
        "kept": data.draw(st.text(st.characters(exclude_categories=["Cs"]))),
        "dropped": data.draw(st.none() | st.just("word")),
        "kind": data.draw(st.sampled_from(symbols)),
        "added": data.draw(st.lists(st.just("word"), max_size=3)),
        "count": data.draw(st.integers(-9, 9)),
    }
    value = record(writer, {name: fields[name] for name in names})
    got, end = compile_reader(writer, reader)(value, 0)
    assert end == len(value)
    oracle = fastavro.schemaless_reader(io.BytesIO(value), fastavro.parse_schema(writer), fastavro.parse_schema(reader))
    assert got == oracle


def test_a_default_list_is_not_shared_between_records() -> None:
    """A shared list would leak one event's items into the next."""
    read_new = compile_reader(OLD, NEW)
    value = record(OLD, {"kept": "", "dropped": None, "kind": "A"})
    assert read_new(value, 0)[0]["added"] is not read_new(value, 0)[0]["added"]


def test_a_tagged_reader_puts_values_in_the_readers_order() -> None:
    """A value in its neighbour's place would often have its neighbour's type and pass every later check."""
    value = record(OLD, {"kept": "a", "dropped": "b", "kind": "A"})
    assert compile_reader(OLD, NEW, tag="probe")(value, 0)[0] == ["probe", "A", "a", [], 7]


def test_a_default_without_a_list_of_its_values_is_refused_when_compiled() -> None:
    """A record's default is written by names, and would reach a struct as a dict."""
    inner = {"type": "record", "name": "Inner", "fields": [{"name": "a", "type": "int"}]}
    new = one_field(inner, default={"a": 1})
    new["fields"].append({"name": "g", "type": "int"})
    old = {**new, "fields": new["fields"][1:]}
    assert compile_reader(old, new)(b"\x02", 0)[0] == {"f": {"a": 1}, "g": 1}
    with pytest.raises(TypeError, match="default of f"):
        compile_reader(old, new, tag="probe")


@pytest.mark.parametrize(
    "avro_type",
    [
        "bytes",
        ["null", "int", "string"],
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "record", "name": "Empty", "fields": []}},
        {"type": "fixed", "name": "F", "size": 4},
        {"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(65)]},
    ],
)
def test_types_that_no_event_uses_are_refused_when_compiled(avro_type: Any) -> None:
    """Elements without bytes have no bound on their number; the other types have no reader."""
    with pytest.raises(TypeError):
        compile_reader(one_field(avro_type), one_field(avro_type))


def test_malformed_is_a_value_error() -> None:
    """Callers list the built-in errors; ours must be one of them."""
    assert issubclass(MalformedError, REFUSALS)
