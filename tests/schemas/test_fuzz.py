"""The decoder meets bytes from anywhere: it may refuse them, and nothing else."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import latest_schemas
from schemas.codec import MAX_EVENT_BYTES, Codec, Undecodable
from schemas.examples import load
from streams.core.events import EVENT_TYPES, parse

CODEC = Codec()
VALUES = [example.value for example in load() if example.passes]
HEADERS = [schema.fingerprint for schema in latest_schemas().values()]
REASONS = {"empty_value", "unknown_frame", "unknown_schema", "malformed", "trailing_bytes", "too_large"}
SUBMITTED = b"\xc3\x01" + latest_schemas()["response_submitted"].fingerprint
# event_id, account_id, occurred_at, source, five envelope defaults, then response_id, survey_id, survey_version,
# six nulls and submitted_at, finished, language, channel: all that stands before the answers.
BEFORE_ANSWERS = SUBMITTED + b"\x02e\x02a\x02\x02s" + b"\0" * 5 + b"\x02r\x02s\x02" + b"\0" * 4 + b"\x02\x01\0\0"


def decode(value: bytes) -> None:
    """Decode, letting only Undecodable out; what is taken in must be an event of a known type.

    Both roads must say the same, and what is taken in on the workers' road must be fit for a struct.
    """
    try:
        event_type, fields = CODEC.decode(value)
    except Undecodable as error:
        refused = error
    else:
        told = {field["name"]: field["type"] for field in latest_schemas()[event_type].definition["fields"]}
        assert set(fields) == set(told)
        _, values = CODEC.decode_array(value)
        assert repr(values[1:]) == repr(
            [part if _is_map(told[name]) else _in_order(part) for name, part in fields.items()]
        )
        if event_type in EVENT_TYPES:
            parse(event_type, values)
        return
    assert refused.reason in REASONS
    assert len(refused.detail) < 500
    with pytest.raises(Undecodable) as again:
        CODEC.decode_array(value)
    assert (again.value.reason, again.value.detail) == (refused.reason, refused.detail)


def _is_map(shape: object) -> bool:
    return isinstance(shape, dict) and shape["type"] == "map"


def _in_order(value: object) -> object:
    """Replace records, in lists or not, by their values, which the plain road gives in schema order."""
    if isinstance(value, dict):
        return [_in_order(part) for part in value.values()]
    return [_in_order(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[2:6].hex())
def test_every_example_is_read_alike_on_both_roads(value: bytes) -> None:
    """Each shape of record once for certain: damaged ones that are still events are few and drawn by chance."""
    assert CODEC.decode(value)[0] in latest_schemas()
    decode(value)


@given(st.binary(max_size=300))
def test_random_bytes(value: bytes) -> None:
    """Anything can be sent to a topic."""
    decode(value)


@settings(max_examples=500)
@given(st.sampled_from(HEADERS), st.binary(max_size=300))
def test_random_bytes_behind_a_true_header(fingerprint: bytes, body: bytes) -> None:
    """A true header leads every byte into a compiled reader."""
    decode(b"\xc3\x01" + fingerprint + body)


@settings(max_examples=1000)
@given(st.sampled_from(VALUES), st.data())
def test_mutated_events(value: bytes, data: st.DataObject) -> None:
    """Damaged events reach deeper than random bytes: overwrite, insert, delete, cut."""
    changed = bytearray(value)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        junk = data.draw(st.binary(max_size=12) | st.sampled_from([b"\xff" * 9 + b"\x01", b"\x80" * 4 + b"\x01"]))
        changed[at : at + data.draw(st.integers(0, 12))] = junk
    decode(bytes(changed))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[2:6].hex())
def test_every_beginning_of_an_event_is_refused(value: bytes) -> None:
    """A cut record must never pass as a shorter event."""
    for length in range(len(value)):
        with pytest.raises(Undecodable):
            CODEC.decode(value[:length])


def test_the_handmade_prefix_is_right() -> None:
    """The attacks below must fail for what they attack, not for their prefix."""
    assert CODEC.decode(BEFORE_ANSWERS + b"\0")[1]["answers"] == []


MILLION = b"\x80\x89\x7a"
ATTACKS = {
    "a million answers announced": BEFORE_ANSWERS + MILLION,
    "a million answers of one byte each": BEFORE_ANSWERS + MILLION + b"\0" * (MAX_EVENT_BYTES - 100),
    "two to the 62 answers announced": BEFORE_ANSWERS + b"\xfe" + b"\xff" * 8 + b"\x01",
    "most negative number of answers": BEFORE_ANSWERS + b"\xff" * 9 + b"\x01\x00",
    "a million choices, all empty": BEFORE_ANSWERS
    + b"\x02\x02q\x00\x00\x00"
    + MILLION
    + b"\0" * (MAX_EVENT_BYTES - 100),
    "a million blocks of one choice": BEFORE_ANSWERS + b"\x02\x02q\x00\x00\x00" + b"\x02\x00" * 524_000,
    "blocks of one with their sizes": BEFORE_ANSWERS + b"\x02\x02q\x00\x00\x00" + b"\x01\x02\x00" * 349_000,
    "a text of two to the 62 bytes": BEFORE_ANSWERS + b"\x02\x02q\x00\x00\x02" + b"\xfe" + b"\xff" * 8 + b"\x01",
    "a number that never ends": BEFORE_ANSWERS + b"\xff" * (MAX_EVENT_BYTES - 100),
    "a comment of 5 MB": BEFORE_ANSWERS + b"\x02\x02q\x00\x00\x02\x80\xad\xe2\x04" + b"x" * 5_000_000 + b"\0\0",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_attacks_take_little_time(attack: bytes) -> None:
    """One record must not hold up its partition: five seconds of a slow processor at the very most."""
    began = time.process_time()
    decode(attack)
    assert time.process_time() - began < 5


def growth() -> int:
    """By how many KiB the attacks raise the peak memory of this process, one after the other."""
    before = _peak()
    for attack in ATTACKS.values():
        for road in (CODEC.decode, CODEC.decode_array):
            with suppress(Undecodable):
                road(attack)
    return _peak() - before


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_attacks_take_little_memory() -> None:
    """All attacks together must not raise a worker's peak memory by more than 64 MiB, on either road.

    The kernel's own figure (in KiB) of a process of its own: tracing allocations would make this take minutes. Not
    that of getrusage: it begins with the peak of whoever starts the process, here with that of all tests before.
    """
    code = "from tests.schemas.test_fuzz import growth; print(growth())"
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 64 * 1024
