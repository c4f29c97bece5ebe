import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import latest_schemas, load_schemas
from schemas.claims import look, name
from schemas.codec import Codec, Undecodable
from schemas.walk import walk
from tests.support.schema_values import event_fields

CODEC = Codec()
SCHEMAS = sorted(latest_schemas().values(), key=name)
AT = 10
MAPS = {"detail"}


@st.composite
def records(draw: st.DrawFn) -> tuple[Any, bytes]:
    schema = draw(st.sampled_from(SCHEMAS))
    return schema, CODEC.encode(schema.event_type, draw(event_fields(schema)))


def nested(parts: Any) -> str:
    """What the list of values says, as text that can be compared with the list of another walk."""
    return json.dumps([(part.path, repr(part.value), part.start, part.end) for part in parts])


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Flatten decoded fields by the notation of the walk, in a way of the test's own."""
    if isinstance(value, dict) and value and not path:
        return {k: v for key, item in value.items() for k, v in leaves(item, key).items()}
    if isinstance(value, dict) and value:
        at = "[{!r}]" if path in MAPS else ".{}"
        return {k: v for key, item in value.items() for k, v in leaves(item, path + at.format(key)).items()}
    if isinstance(value, list) and value:
        return {k: v for at, item in enumerate(value) for k, v in leaves(item, f"{path}[{at}]").items()}
    return {path: value}


@given(records())
def test_a_sound_record_shows_exactly_what_the_codec_decodes(given_record: tuple[Any, bytes]) -> None:
    """An engineer who sees other values than the worker did would look for the fault in the wrong place."""
    schema, value = given_record
    seen = look(value)
    assert seen.walked is not None
    assert (seen.schema, seen.why, seen.at) == (name(schema), "", len(value))
    _, decoded = CODEC.decode(value)
    assert seen.walked.fields == decoded
    shown = {part.path: part.value for part in seen.walked.parts}
    assert shown == leaves(decoded)


@given(records(), st.data())
def test_the_values_shown_cover_the_bytes_in_order(given_record: tuple[Any, bytes], data: st.DataObject) -> None:
    """Offsets are what one looks up in the hexdump; they must neither overlap nor run backwards."""
    _, value = given_record
    cut = value[: data.draw(st.integers(AT, len(value)))]
    seen = look(cut)
    assert seen.walked is not None
    ends = [AT, *(part.end for part in seen.walked.parts)]
    assert all(part.start >= before for part, before in zip(seen.walked.parts, ends, strict=False))
    assert ends == sorted(ends)
    assert ends[-1] <= seen.at <= len(cut)


@given(records(), st.data())
def test_of_a_record_cut_short_a_prefix_is_shown(given_record: tuple[Any, bytes], data: st.DataObject) -> None:
    """What stands before the cut is sound, and often says which program wrote it."""
    _, value = given_record
    whole = look(value).walked
    cut = value[: data.draw(st.integers(AT, len(value) - 1))]
    seen = look(cut)
    assert whole is not None
    assert seen.walked is not None
    assert seen.why
    assert nested(seen.walked.parts) == nested(whole.parts[: len(seen.walked.parts)])
    # Where no value is missing, the end of a list is.
    for missing in whole.parts[len(seen.walked.parts) :][:1]:
        assert missing.end > len(cut) or (missing.value in ([], {}) and missing.start >= seen.at - 1)


@given(records(), st.data())
def test_of_a_mutated_record_all_before_the_mutation_is_shown(
    given_record: tuple[Any, bytes], data: st.DataObject
) -> None:
    """Bytes are damaged one at a time; the walk and the decoder must agree on whether they still are a record."""
    _, value = given_record
    at = data.draw(st.integers(0, len(value) - 1))
    mutated = value[:at] + bytes([data.draw(st.integers(0, 255))]) + value[at + 1 :]
    seen = look(mutated)
    whole = look(value).walked
    assert whole is not None
    if seen.walked is not None and mutated[:AT] == value[:AT]:
        sound = [part for part in whole.parts if part.end <= at]
        assert nested(seen.walked.parts[: len(sound)]) == nested(sound)
    try:
        _, decoded = CODEC.decode(mutated)
    except Undecodable:
        assert seen.why
    else:
        assert seen.walked is not None
        assert (seen.why, repr(seen.walked.fields)) == ("", repr(decoded))


@given(st.binary(max_size=400), st.sampled_from(SCHEMAS))
def test_any_bytes_whatever_are_looked_at(value: bytes, schema: Any) -> None:
    """Dead letters are what nobody foresaw; the command that shows them must not fall over them."""
    for each in (value, b"\xc3\x01" + value, b"\x00" + value, b"\xc3\x01" + schema.fingerprint + value):
        seen = look(each)
        assert 0 <= seen.at <= len(each)
        assert bool(seen.why) == _refused(each)


def _refused(value: bytes) -> bool:
    try:
        CODEC.decode(value)
    except Undecodable:
        return True
    return False


def test_a_fingerprint_with_a_wrong_byte_is_brought_home() -> None:
    """`unknown_schema` alone does not say whether a schema is missing or a header was damaged."""
    schema = latest_schemas()["response_deleted"]
    damaged = bytes([schema.fingerprint[0] ^ 1]) + schema.fingerprint[1:]
    seen = look(b"\xc3\x01" + damaged + b"\x00")
    assert (seen.schema, seen.nearest) == ("", ("response_deleted v1",))
    assert damaged.hex() in seen.why


def test_a_record_under_a_foreign_fingerprint_names_the_schema_that_its_bytes_fit() -> None:
    """A schema that was rolled out before its reader is mostly a known one with a field more."""
    fields = {"event_id": "e", "account_id": "a", "occurred_at": 1, "source": "s", "response_id": "r", "reason": "x"}
    known = {field["name"] for field in latest_schemas()["response_deleted"].definition["fields"]}
    body = CODEC.encode("response_deleted", {k: v for k, v in fields.items() if k in known})[AT:]
    value = b"\xc3\x01" + b"\xff" * 8 + body
    assert "response_deleted v1" in look(value, topic="survey").nearest
    assert "response_deleted v1" not in look(value, topic="billing").nearest


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no value"),
        (b"", "no value"),
        (b'{"event_id": 1}', "looks like JSON"),
        (b"\xc3\x01ab", "too few for a frame"),
        (b"\x00ab", "too few for a frame"),
        (b"\x00\x00\x00\x00\x07rest", "no registry is configured"),
        (b"\xff", "no frame begins with ff"),
    ],
)
def test_what_is_no_frame_is_said_in_words(value: bytes | None, why: str) -> None:
    """The commonest mistakes are made before the first field."""
    assert why in look(value).why


def test_a_flood_of_values_is_cut_off() -> None:
    """A record of 5 MB may hold a value in every byte."""
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "array", "items": "int"}}]}
    seen = walk(b"\x80\x89\x7a" + bytes(1_000_000), 0, schema, 100)
    assert len(seen.parts) == 100
    assert seen.why == "only the first 100 values are shown"
    assert seen.end == seen.parts[-1].end


NAMED = {
    "type": "record",
    "name": "R",
    "fields": [
        {"name": "first", "type": ["null", {"type": "enum", "name": "K", "symbols": ["A", "B"]}]},
        {"name": "then", "type": {"type": "map", "values": "x.K"}},
        {"name": "self", "type": ["null", "R"]},
    ],
}


def test_types_are_known_by_name_wherever_they_were_defined() -> None:
    """A registry's schema defines a type at its first use, which a record may skip."""
    seen = walk(b"\x00\x02\x02k\x02\x00\x00", 0, NAMED)
    assert (seen.why, seen.fields) == ("", {"first": None, "then": {"k": "B"}, "self": None})
    assert [part.path for part in seen.parts] == ["first", "then['k']", "self"]


def test_a_negative_choice_is_none() -> None:
    """An odd byte is a negative number, which must not be rounded to a symbol."""
    for broken in (b"\x01", b"\x02\x01", b"\x02\x03"):
        assert "there is no" in walk(broken, 0, NAMED).why


def test_a_schema_within_itself_ends() -> None:
    """Nobody's schema may make the command run out of stack."""
    assert "nested more than" in walk(b"\x00\x00\x02" * 200, 0, NAMED).why


def test_every_version_of_every_schema_can_be_walked() -> None:
    """A version that only old records have must be shown by its own fields, not by the newest."""
    for schema in load_schemas().values():
        assert look(b"\xc3\x01" + schema.fingerprint).schema == name(schema)
