from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import frames
from schemas.catalogue import latest_schemas
from schemas.codec import MAX_EVENT_BYTES, Codec, InvalidEventError, Undecodable
from tests.support.schema_values import event_fields

CODEC = Codec()
OPENED = {"event_id": "e", "account_id": "a", "occurred_at": 1, "source": "s", "invitation_id": "i"}
ANSWERED = {
    "event_id": "e",
    "account_id": "a",
    "occurred_at": 1,
    "source": "s",
    "response_id": "r",
    "survey_id": "s",
    "survey_version": 1,
    "submitted_at": 1,
    "answers": [],
}


def reason(value: bytes | None) -> str:
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(value)
    return caught.value.reason


@given(st.data())
def test_every_event_survives_the_wire(data: st.DataObject) -> None:
    """What a producer says is what a worker hears."""
    schema = data.draw(st.sampled_from(list(latest_schemas().values())))
    fields = data.draw(event_fields(schema))
    assert CODEC.decode(CODEC.encode(schema.event_type, fields)) == (schema.event_type, fields)


def test_the_frame_is_avro_single_object_encoding() -> None:
    """Clients in other languages build the ten bytes by hand."""
    value = CODEC.encode("invitation_opened", OPENED)
    assert value[:2] == frames.SINGLE_OBJECT == b"\xc3\x01"
    assert value[2:10] == latest_schemas()["invitation_opened"].fingerprint


def test_defaults_may_be_left_out() -> None:
    """A field added later must not break the producers of today."""
    _, fields = CODEC.decode(CODEC.encode("invitation_opened", OPENED))
    assert fields == OPENED | {
        "entity_version": None,
        "actor": "UNKNOWN",
        "corrects_event_id": None,
        "is_retraction": False,
        "is_test": False,
    }


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])))
def test_datetimes_become_microseconds_exactly(at: datetime) -> None:
    """Floating seconds would lose microseconds; the zone must not shift the instant."""
    _, fields = CODEC.decode(CODEC.encode("invitation_opened", OPENED | {"occurred_at": at}))
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=fields["occurred_at"]) == at


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"survey_version": 2**31}, "`$.survey_version`"),
        ({"survey_version": True}, "Expected `int`, got `bool` - at `$.survey_version`"),
        ({"entity_version": 1.0}, "Expected `int | null`, got `float` - at `$.entity_version`"),
        ({"submitted_at": 2**63}, "`$.submitted_at`"),
        ({"submitted_at": datetime(2026, 10, 5)}, "without a zone"),  # noqa: DTZ001 - the point of the case
        ({"submitted_at": None}, "Expected `int`, got `null` - at `$.submitted_at`"),
        ({"finished": 1}, "Expected `bool`, got `int` - at `$.finished`"),
        ({"actor": "customer"}, "Invalid enum value 'customer' - at `$.actor`"),
        ({"response_id": b"r"}, "`$.response_id`"),
        ({"language": "\ud800"}, "surrogates not allowed"),
        ({"score": 9}, "unknown field `score`"),
        ({"answers": None}, "Expected `array`, got `null` - at `$.answers`"),
        ({"answers": [{}]}, "missing required field `question_id` - at `$.answers[0]`"),
        ({"answers": [{"question_id": "q", "nubmer": 9.0}]}, "unknown field `nubmer` - at `$.answers[0]`"),
        ({"answers": [{"question_id": "q", "number": "9"}]}, "got `str` - at `$.answers[0].number`"),
        ({"answers": [{"question_id": "q", "number": True}]}, "got `bool` - at `$.answers[0].number`"),
        ({"answers": [{"question_id": "q", "choices": "yes"}]}, "got `str` - at `$.answers[0].choices`"),
        ({"answers": [{"question_id": "q", "choices": [1]}]}, "got `int` - at `$.answers[0].choices[0]`"),
    ],
)
def test_a_producer_hears_what_is_wrong(change: dict[str, Any], said: str) -> None:
    """The encoder alone writes some of these as something else, and drops a misspelt field without a word."""
    with pytest.raises(InvalidEventError, match="response_submitted") as caught:
        CODEC.encode("response_submitted", ANSWERED | change)
    assert said in str(caught.value)


def test_a_missing_field_and_an_unknown_type_are_named() -> None:
    """The first mistakes of a new producer."""
    with pytest.raises(InvalidEventError, match="missing required field `submitted_at`"):
        CODEC.encode("response_submitted", {k: ANSWERED[k] for k in ANSWERED.keys() - {"submitted_at"}})
    with pytest.raises(InvalidEventError, match="no event type response_sumbitted"):
        CODEC.encode("response_sumbitted", ANSWERED)
    with pytest.raises(InvalidEventError, match="version 9"):
        CODEC.encode("response_submitted", ANSWERED, version=9)


def test_neither_side_takes_more_than_the_limit() -> None:
    """A comment of 5 MB is refused where it is written, and where a foreign producer wrote it."""
    answer = {"question_id": "why", "kind": "TEXT", "text": "x" * 5_000_000}
    with pytest.raises(InvalidEventError, match="larger than"):
        CODEC.encode("response_submitted", ANSWERED | {"answers": [answer]})
    small = CODEC.encode("response_submitted", ANSWERED)
    assert reason(small + b"\0" * (MAX_EVENT_BYTES + 1 - len(small))) == "too_large"
    assert reason(b"x" * 5_000_000) == "too_large"


def test_each_undecodable_record_has_its_reason() -> None:
    """The reason is a column that people on call group by."""
    value = CODEC.encode("response_submitted", ANSWERED)
    assert reason(None) == reason(b"") == "empty_value"
    assert reason(b"{}") == reason(b"\xc3") == reason(b"\xc3\x02" + value[2:]) == "unknown_frame"
    assert reason(value[:2] + b"\0" * 8 + value[10:]) == reason(value[:9]) == "unknown_schema"
    assert reason(b"\0\0\0\0\1" + value[10:]) == "unknown_schema"
    assert reason(value[:-1]) == reason(value[:10]) == "malformed"
    assert reason(value + b"\0") == "trailing_bytes"


def test_a_short_string_that_runs_past_the_end_is_malformed() -> None:
    """The compiled reader leaves the check of the last string to the codec."""
    value = CODEC.encode("invitation_opened", OPENED | {"invitation_id": "inv-7001"})
    for length in range(len(value) - 8, len(value)):
        assert reason(value[:length]) == "malformed"
