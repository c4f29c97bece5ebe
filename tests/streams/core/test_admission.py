"""Admission's short ways against the plain statement of each rule; the examples in schemas/ show the rest."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.events import (
    Answer,
    Event,
    FxRateSet,
    InvitationSent,
    ManagerAssigned,
    PlanSet,
    PolicySet,
    ResponseSubmitted,
    TaxonomySet,
)
from streams.core.limits import EARLIEST, LATEST, MAX_ITEMS, Refusal

ID = "0F1e2d3c-4b5a-4000-8000-000000000001"
UUID = re.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
SHARED: dict[str, Any] = {"event_id": ID, "account_id": "acme", "occurred_at": EARLIEST, "source": "test:1"}
EVENT = ResponseSubmitted(
    **SHARED,
    response_id="r1",
    survey_id="s1",
    survey_version=1,
    submitted_at=EARLIEST,
    answers=(),
)


def refusal(**over: object) -> Refusal | None:
    event = msgspec.structs.replace(EVENT, **over)
    return check(event, event.account_id.encode(), EARLIEST)


@given(
    st.integers(0, len(ID)), st.integers(0, 2), st.sampled_from(["", "a", "F", "g", "x", "?", "-", " ", "\0", "٣", "é"])
)
@example(0, 36, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
@example(0, 36, "")
@example(0, 0, "")
def test_an_event_id_is_a_uuid_in_hexadecimal(at: int, cut: int, put: str) -> None:
    """An identity written in two ways would count an event twice."""
    event_id = ID[:at] + put + ID[at + cut :]
    expected = None if UUID.fullmatch(event_id) else "invalid_event_id"
    assert (refusal(event_id=event_id) or (None,))[0] == expected


@given(st.floats() | st.integers(-2, 13).map(float) | st.none())
def test_an_nps_score_is_a_whole_number_from_0_to_10(number: float | None) -> None:
    """A score outside of the scale has no class, so no share would be right."""
    found = refusal(answers=(Answer(question_id="q", kind="NPS", number=number),))
    assert (found is None) == (number is None or number in [float(score) for score in range(11)])
    if found is not None:
        finite = float("-inf") < (number or 0) < float("inf")
        assert found[0] == ("score_out_of_scale" if finite else "invalid_field")


def reason_of(event: Event) -> str | None:
    return (check(event, event.account_id.encode(), EARLIEST) or (None,))[0]


@pytest.mark.parametrize(("number", "reason"), [(1_000, None), (1_001, "invalid_field"), (65_536, "invalid_field")])
def test_reminders_fit_their_column(number: int, reason: str | None) -> None:
    """A value that its column cannot hold is refused by the table, and that stops the partition."""
    sent = InvitationSent(**SHARED, invitation_id="i1", survey_id="s1", channel="email", reminder_no=number)
    assert reason_of(sent) == reason


@pytest.mark.parametrize(
    ("at", "reason"),
    [(EARLIEST - 1, "occurred_too_early"), (EARLIEST, None), (LATEST, None), (LATEST + 1, "invalid_field")],
)
@pytest.mark.parametrize(
    "event",
    [
        InvitationSent(**SHARED, invitation_id="i1", survey_id="s1", channel="email", expires_at=0),
        ManagerAssigned(**SHARED, manager_id="m1", role="OWNER", valid_from=0),
        PolicySet(**SHARED, policy="low_sample_n", policy_version="v1", value="9", valid_from=0),
        FxRateSet(**SHARED, base="EUR", quote="USD", rate_micros=1, valid_from=0),
        PlanSet(**SHARED, plan_id="p1", name="Team", valid_from=0),
        TaxonomySet(**SHARED, taxonomy_version="t1", valid_from=0, topics=()),
    ],
    ids=lambda event: event.EVENT_TYPE if isinstance(event, Event) else str(event),
)
def test_every_time_is_one_that_tables_hold(event: Event, at: int, reason: str | None) -> None:
    """Milliseconds sent as microseconds are in 1970; further times come out of the tables as others."""
    field = "expires_at" if isinstance(event, InvitationSent) else "valid_from"
    assert reason_of(msgspec.structs.replace(event, **{field: at})) == reason


def test_a_response_begins_no_earlier_than_2000() -> None:
    """How long people take to answer would be centuries."""
    assert refusal(started_at=EARLIEST) is None
    assert (refusal(started_at=EARLIEST - 1) or (None,))[0] == "occurred_too_early"


@given(st.text(max_size=4) | st.text("a\xad\u200b", min_size=250, max_size=260) | st.none())
def test_an_id_is_short_and_printable(contact_id: str | None) -> None:
    """Ids stand in reports and addresses; an empty one would join what does not belong together."""
    fits = contact_id is None or (0 < len(contact_id) <= 256 and contact_id.isprintable())
    assert (refusal(contact_id=contact_id) is None) == fits


@pytest.mark.parametrize(
    ("questions", "reason"),
    [
        ([str(n) for n in range(MAX_ITEMS)], None),
        ([str(n) for n in range(MAX_ITEMS + 1)], "too_many_items"),
        (["a", "b", "a"], "repeated_item"),
        ([*(str(n) for n in range(MAX_ITEMS)), "0", "z"], "repeated_item"),
        (["a", ""], "invalid_field"),
    ],
)
def test_answers_name_each_question_once_and_are_not_too_many(questions: list[str], reason: str | None) -> None:
    """Two answers to one question would both be counted."""
    found = refusal(answers=tuple(Answer(question_id=question) for question in questions))
    assert (found or (None,))[0] == reason


POLICY = PolicySet(**SHARED, policy="low_sample_n", policy_version="v1", value="9", valid_from=EARLIEST)


@pytest.mark.parametrize("value", ["1" * 5_000, "0" * 5_000 + "1", "\u0663", "1_0", "", "0", "2147483648"])
@pytest.mark.parametrize("policy", ["low_sample_n", "followup_target_seconds", "sla_at_risk_seconds"])
def test_a_policy_of_no_number_is_refused_whatever_its_length(policy: str, value: str) -> None:
    """Every worker reads all policies when it starts: one whose number raised an error would let none of them start."""
    assert reason_of(msgspec.structs.replace(POLICY, policy=policy, value=value)) == "invalid_field"
    assert reason_of(msgspec.structs.replace(POLICY, policy=policy, value="0" * 9 + "9")) is None
