"""Members: a map like any other to whoever uses it, and few records to whoever stores it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import members
from streams.core.members import Members, decode_members, encode_members
from streams.core.segments import Overlay

KEYS = st.binary(max_size=3) | st.text("ab", max_size=6).map(str.encode)
EDITS = st.lists(st.tuples(KEYS, st.integers(0, 3) | st.none()), max_size=60)
"""Keys that share beginnings, and some that do not."""
encode = msgspec.msgpack.Encoder(enc_hook=encode_members).encode
decode = msgspec.msgpack.Decoder(Members, dec_hook=decode_members).decode


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST", 2)


def bound(stored: bytes, records: Overlay) -> Members:
    found: Members = decode(stored)
    found.bind(records, b"key")
    return found


def empty() -> tuple[Members, Overlay]:
    made, records = Members(), Overlay(lambda _: None)
    made.bind(records, b"key")
    return made, records


def same(plain: dict[bytes, int]) -> Members:
    made, _ = empty()
    for key, value in plain.items():
        made.put(key, value)
    return made


@given(EDITS, st.randoms(use_true_random=False), KEYS, KEYS)
def test_it_is_a_map_whenever_it_is_stored_and_read_again(edits: Any, chance: Any, prefix: bytes, than: bytes) -> None:
    """Whatever snapshots were taken in between, what is asked of it is what an ordinary map says."""
    plain: dict[bytes, int] = {}
    made, records = empty()
    for key, value in edits:
        made.put(key, value)
        plain.pop(key, None)
        if value is not None:
            plain[key] = value
        if chance.random() < 0.5:
            assert same(plain) == made
        if chance.random() < 0.3:
            made = bound(encode(made), records)
        assert made.get(key) == value
    made = bound(encode(made), records)
    assert len(made) == len(plain)
    assert all(made.get(key) == value for key, value in plain.items())
    alike = [key for key in plain if key.startswith(prefix)]
    assert made.after(prefix) == min((key for key in alike if key), default=None)
    assert made.after(prefix, than) == min((key for key in alike if key > than), default=None)
    assert made.before(prefix) == max(alike, default=None)
    assert made.before(prefix, than) == max((key for key in alike if key < than), default=None)


@given(EDITS, EDITS, st.randoms(use_true_random=False))
def test_equal_maps_are_equal_records_however_they_came_about(edits: Any, detour: Any, chance: Any) -> None:
    """A fold of old and new items side by side stops where both are equal: history must leave no trace."""
    one, _ = empty()
    other, records = empty()
    for key, value in edits:
        one.put(key, value)
    for key, value in detour:
        other.put(key, value)
    wanted: dict[bytes, Any] = {key: None for key, _ in detour} | dict(edits)
    for key, value in sorted(wanted.items(), key=lambda _: chance.random()):
        other.put(key, value)
        if chance.random() < 0.2:
            other = bound(encode(other), records)
    assert one == other
    assert encode(one) == encode(other)
    one.put(b"one more", 1)
    assert one != other


@given(EDITS, EDITS)
def test_a_snapshot_stays_as_it_was(before: Any, later: Any) -> None:
    """Late events are folded from snapshots long past, whose nodes later ones share."""
    made, records = empty()
    for key, value in before:
        made.put(key, value)
    snapshot = encode(made)
    wanted = dict(before)
    for key, value in later:
        made.put(key, value)
        encode(made)
    again = bound(snapshot, records)
    assert all(again.get(key) == value for key, value in wanted.items())
    assert len(again) == sum(value is not None for value in wanted.values())


def test_what_was_a_root_is_written_when_it_is_none_any_more() -> None:
    """A root is stored with the accumulator and has no record of its own."""
    made, records = empty()
    for number in range(9):
        made.put(b"a%d" % number, 1)
    encode(made)
    made.put(b"b", 1)
    assert bound(encode(made), records).get(b"a7") == 1


def test_one_more_writes_few_nodes_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """This is what members are for."""
    monkeypatch.setattr(members, "MOST", 16)
    made, records = empty()
    for number in range(20_000):
        made.put(f"{number * 7919 % 20_011:05}".encode(), 1)
    stored = encode(made)
    records.changes.clear()
    made.put(b"123456", 1)
    encode(made)
    assert 0 < len(records.changes) < 8
    assert sum(len(value or b"") for value in records.changes.values()) < 2_000
    assert len(stored) < 1_000


def test_a_lost_node_is_an_error() -> None:
    """A map that lacks keys in silence would make wrong figures."""
    made, _ = empty()
    for number in range(9):
        made.put(bytes([number]), 1)
    lost = bound(encode(made), Overlay(lambda _: None))
    with pytest.raises(KeyError, match="node"):
        lost.get(b"\1")
