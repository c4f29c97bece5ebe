"""Delighted: a history that nobody can ask for again has to be read whole, and only once."""

import json
from typing import Any

import pytest

from streams.core.rows_survey import AnswerRow, ResponseRow
from streams.ingest.vendors.delighted import translate
from streams.ingest.vendors.model import Instance, NotUnderstoodError
from tests.support.machine import run
from tests.support.samples import sample
from tests.support.tickets import rows
from tests.support.vendor_cases import cases, instance
from tests.support.vendors import delivery, recorded, told

(LINE,) = next(case.bodies for case in cases() if case.vendor == "delighted")
HISTORY = instance("delighted")


def line(**data: Any) -> dict[str, Any]:
    return {**LINE, "data": {**LINE["data"], **data}}


def test_a_response_as_the_api_gives_it_is_one_too() -> None:
    """Some have kept the answers of the service itself."""
    assert translate(delivery(LINE["data"]), HISTORY) == translate(delivery(LINE), HISTORY)


def test_a_later_export_states_a_response_anew() -> None:
    """In any order, and under the time at which it was given."""
    bodies = line(score=2, updated_at=1641300000), LINE
    for order in (bodies, bodies[::-1]):
        (row,) = rows(run(told(translate, HISTORY, *order)), ResponseRow)
        assert (row.nps, row.submitted_at, row.account_id) == (2.0, 1641289688_000_000, "acme")


def test_kinds_of_surveys() -> None:
    """Each type measures one thing; one that is not known is counted."""
    options = {"surveys": {"csat": "after-support"}}
    bodies = [line(survey_type="csat", score=5), line(survey_type="ces", id="2"), line(survey_type="pmf", id="3")]
    found = translate(
        delivery(b"\n".join(json.dumps(body).encode() for body in bodies)), instance("delighted", **options)
    )
    assert found.unmapped == ("survey_responses/pmf",)
    answers = [(e.fields["survey_id"], e.fields["answers"][0]["kind"]) for e in found.events[1::2]]
    assert answers == [("after-support", "CSAT"), ("ces", "CES")]


def test_an_expanded_person_gives_the_domain() -> None:
    """The API puts the person in when asked to; name and address go no further."""
    person = {"id": 5, "email": "bob@acme.example", "name": "Bob"}
    (event,) = recorded(translate(delivery(line(person=person, person_properties=None)), HISTORY))
    assert (event.event.account_id, event.event.contact_id) == ("acme", "5")  # type: ignore[union-attr] # a response


@pytest.mark.parametrize(
    "change", [{"created_at": -5}, {"created_at": 1e30}, {"score": None}, {"id": 0}, {"person": None}]
)
def test_what_is_no_response_is_not_understood(change: dict[str, Any]) -> None:
    """Nothing is made up for a field that is not there."""
    with pytest.raises(NotUnderstoodError):
        translate(delivery(line(**change)), HISTORY)


@pytest.mark.real_data
def test_the_sampled_history_is_what_its_records_say() -> None:
    """Ten responses of people without properties; who was asked or left is counted by name."""
    body = sample("delighted/airbyte_records.jsonl").encode()
    plain = Instance("delighted", "main")
    found = translate(delivery(body), plain)
    machine = run(recorded(found))
    assert found.unmapped == ("bounces", "people", "unsubscribes")
    assert sorted(each.number for each in rows(machine, AnswerRow)) == [0, 0, 1, 3, 3, 6, 7, 7, 8, 9]
    assert all(row.account_id == f"delighted:person/{row.contact_id}" for row in rows(machine, ResponseRow))
