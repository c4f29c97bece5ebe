"""What is posted is what was judged: a line holds an event to the last bit."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from schemas.codec import InvalidEventError
from streams.emit.admission import admitted
from streams.emit.making import Lines, line_of
from streams.receive.event_json import TYPE, objects, timed
from tests.support.odd_events import CORPUS, odd_events
from tests.support.records import CODEC

NOW = 1_793_534_400_000_000


def _there_and_back(value: bytes) -> bytes:
    """Return the record that a server makes of the line of a record."""
    line = line_of(*CODEC.decode(value))
    assert line.count(b"\n") == 1
    ((_, fields),) = objects(line.decode())
    event_type = fields.pop(TYPE)
    return CODEC.encode(event_type, timed(event_type, fields))


@pytest.mark.parametrize("example", [each for each in CORPUS if each.passes], ids=lambda example: example.path.stem)
def test_an_example_comes_back_from_its_line(example: Any) -> None:
    """A server reads JSON and writes Avro: nothing may be rounded or lost on the way."""
    value = CODEC.encode(example.event_type, example.fields)
    assert _there_and_back(value) == value


@given(odd_events())
def test_any_event_that_is_taken_comes_back_from_its_line(odd: tuple[str, dict[str, Any]]) -> None:
    """Line ends within texts, whole doubles, instants to the microsecond, numbers of 64 bits."""
    try:
        value = admitted(CODEC, *odd, NOW)
    except InvalidEventError:
        return
    assert _there_and_back(value) == value


def test_what_json_cannot_say_is_refused() -> None:
    """NaN written as null would be another event."""
    with pytest.raises(InvalidEventError, match="JSON"):
        line_of("usage_reported", {"value": float("nan")})
    with pytest.raises(InvalidEventError, match="occurred_at"):
        line_of("usage_reported", {"occurred_at": 2**62})


def test_the_envelope_is_filled_in_and_kept() -> None:
    """A line names its type beside the fields, and its instants as people write them."""
    making = Lines("shop:main", lambda: datetime(2026, 10, 5, 12, 30, tzinfo=UTC))
    record = making.record("invitation_opened", "acme", {"invitation_id": "inv-1"})
    event = json.loads(record.value)
    assert (record.topic, record.key, record.event_id) == ("invitation_opened", b"acme", event["event_id"])
    assert event["event_type"] == "invitation_opened"
    assert event["occurred_at"] == "2026-10-05T12:30:00+00:00"
    assert (event["source"], event["account_id"], event["is_test"]) == ("shop:main", "acme", False)
