"""Segment: calls have names and properties of the operator's own, so only his table can say what they mean."""

from typing import Any

import pytest

from streams.core.rows_survey import ResponseRow
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.segment import translate
from tests.support.machine import run
from tests.support.samples import instant
from tests.support.tickets import rows
from tests.support.vendor_cases import NPS_SUBMITTED, instance
from tests.support.vendors import delivery, own_sample, told

SOURCE = instance("segment")
TRACK: dict[str, Any] = own_sample("segment/track.json")


def test_a_call_becomes_what_the_table_says() -> None:
    """Fields, times and accounts, from wherever in the call they are."""
    (row,) = rows(run(told(translate, SOURCE, TRACK)), ResponseRow)
    assert (row.account_id, row.response_id, row.nps, row.contact_id) == ("globex", "r-2", 6.0, "u-17")
    assert (row.occurred_at, row.language) == (instant("2026-11-05T17:31:00.249Z"), "")


def test_a_batch_is_all_of_it_and_what_no_one_maps_is_counted() -> None:
    """Most of what is tracked is no event of ours."""
    found = translate(delivery(own_sample("segment/batch.json")), SOURCE)
    assert [(event.type, event.fields["value"]) for event in found.events] == [("usage_reported", 41)]
    assert found.unmapped == ("identify", "track/Button Clicked")


def test_names_that_could_be_words_are_counted_together() -> None:
    """Names of calls are typed by programmers, who put ids and addresses into them."""
    found = translate(delivery({**TRACK, "event": "anna@acme.example clicked"}), SOURCE)
    assert found.unmapped == ("track/other",)


def test_who_is_not_known_waits_as_the_closest_that_is_known() -> None:
    """The group is the customer; a user is somebody at one; a visitor may become either."""
    context = {"groupId": "g-9", "traits": {"email": "bob@acme.example"}}
    group = {**TRACK, "context": {"groupId": "g-9"}}
    domain = {**TRACK, "context": context}
    user = {**TRACK, "context": None}
    visitor = {**TRACK, "context": None, "userId": None}
    keys = [translate(delivery(body), SOURCE).events[0].fields["account_id"] for body in (group, domain, user, visitor)]
    assert keys == ["segment:g-9", "acme", "segment:user/u-17", "segment:anonymous/507f191e810c19729de860ea"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"properties": {"response": "r-2", "score": "six"}}, "invalid_field"),
        ({"properties": {"response": "r-2", "score": 11}}, "score_out_of_scale"),
        ({"properties": {"score": 6}}, "invalid_field"),
        ({"messageId": None}, "missing_field"),
        ({"timestamp": None, "originalTimestamp": None}, "missing_field"),
        ({"timestamp": "yesterday"}, "invalid_time"),
    ],
)
def test_a_call_that_lacks_what_the_table_needs_waits(change: dict[str, Any], reason: str) -> None:
    """After the table or the sender is mended it is translated again."""
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery({**TRACK, **change}), SOURCE)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "response_submited", "fields": {}},
        {"type": "response_submitted", "fields": {**NPS_SUBMITTED["fields"], "event_id": "$.messageId"}},
        {"type": "response_submitted"},
    ],
)
def test_a_table_that_cannot_be_right_is_told(rule: dict[str, Any]) -> None:
    """A misspelt type would otherwise be silence."""
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery(TRACK), instance("segment", events={"NPS Submitted": rule}))
    assert caught.value.reason == "invalid_options"
