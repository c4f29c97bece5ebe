"""CloudEvents: an event of the contract is the same in every mode in which it may be sent."""

import base64
import json
from typing import Any

import pytest

from streams.ingest.raw import Raw
from streams.ingest.vendors.cloudevents import translate
from streams.ingest.vendors.model import NotUnderstoodError
from tests.support.samples import instant
from tests.support.vendor_cases import instance
from tests.support.vendors import RECEIVED, delivery, own_sample

SENDER = instance("cloudevents")
SENT: dict[str, Any] = own_sample("cloudevents/structured.json")


def test_every_mode_says_the_same() -> None:
    """Structured, batched, with data in base64, and binary with percent-encoded headers."""
    data = json.dumps(SENT["data"]).encode()
    without = {name: value for name, value in SENT.items() if name not in ("data", "datacontenttype")}
    headers = {f"ce-{name}": value for name, value in {**without, "source": "%2Fsurveys%2Feu"}.items()}
    binary = Raw("main", "d-1", RECEIVED, {**headers, "content-type": "application/json"}, data)
    encoded = {**without, "data_base64": base64.b64encode(data).decode()}
    found = [translate(raw, SENDER) for raw in (delivery(SENT), delivery([SENT]), delivery(encoded), binary)]
    assert all(each == found[0] for each in found)
    (event,) = found[0].events
    assert (event.type, event.fields["account_id"], event.fields["source"]) == (
        "response_submitted",
        "acme",
        "cloudevents:main",
    )
    assert event.fields["occurred_at"] == event.fields["submitted_at"] == instant("2026-11-05T17:31:00Z")


def test_a_batch_is_all_of_it_and_what_no_one_maps_is_counted() -> None:
    """A bus carries events of others too."""
    found = translate(delivery(own_sample("cloudevents/batch.json")), SENDER)
    assert [event.type for event in found.events] == ["ticket_opened", "message_added"]
    assert found.unmapped == ("com.example.coffee_made",)
    assert found.events[1].fields["occurred_at"] == instant("2026-11-05T08:30:00Z")


def test_a_prefix_is_taken_off_and_required() -> None:
    """Two systems may have a type of one name."""
    sender = instance("cloudevents", type_prefix="com.acme.cx.")
    mine = translate(delivery({**SENT, "type": "com.acme.cx.response_submitted"}), sender)
    other = translate(delivery(SENT), sender)
    assert ([event.type for event in mine.events], other.unmapped) == (["response_submitted"], ("response_submitted",))


def test_the_source_is_part_of_the_id_and_a_correction_names_its_own() -> None:
    """Ids are unique within a source alone; the sender knows no id of ours."""
    first, elsewhere = (
        translate(delivery({**SENT, "source": source}), SENDER).events[0].fields["event_id"] for source in ("/a", "/b")
    )
    assert first != elsewhere
    (fixed,) = translate(delivery({**SENT, "source": "/a", "id": "A9", "corrects": SENT["id"]}), SENDER).events
    assert fixed.fields["corrects_event_id"] == first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specversion": "0.3"}, "unknown_version"),
        ({"id": ""}, "missing_field"),
        ({"subject": None}, "missing_field"),
        ({"time": None}, "missing_field"),
        ({"time": "2026-11-05T17:31:00"}, "invalid_time"),
        ({"data": {**SENT["data"], "account_id": "globex"}}, "invalid_field"),
        ({"data": {**SENT["data"], "event_id": "1"}}, "invalid_field"),
        ({"data": {**SENT["data"], "answers": "none"}}, "invalid_field"),
        ({"data": {**SENT["data"], "colour": "red"}}, "invalid_field"),
        ({"data_base64": "e30="}, "invalid_field"),
        ({"data": None, "data_base64": "e30"}, "invalid_field"),
    ],
)
def test_what_does_not_fit_is_not_understood(change: dict[str, Any], reason: str) -> None:
    """Nothing is guessed: an account from the data and another from the subject are nobody's."""
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery({**SENT, **change}), SENDER)
    assert caught.value.reason == reason
