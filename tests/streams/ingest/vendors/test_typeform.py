"""Typeform: what can be replayed for ever must not count twice, and a score that is none must not count at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rows_survey import AnswerChoiceRow, AnswerRow, ResponseRow, SurveyQuestionRow
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.typeform import translate
from tests.support.machine import run
from tests.support.samples import instant, json_sample
from tests.support.tickets import rows
from tests.support.vendor_cases import instance
from tests.support.vendors import delivery, own_sample, recorded, told

FORMS = instance("typeform")
Body = dict[str, Any]


def response(event_type: str = "form_response", event_id: str = "e-1", **told: Any) -> Body:
    whole = own_sample("typeform/nps.json")
    return {"event_type": event_type, "event_id": event_id, "form_response": {**whole["form_response"], **told}}


def partial(score: int) -> Body:
    answer = {"type": "number", "number": score, "field": {"id": "nQ1", "ref": "recommend", "type": "nps"}}
    return response("form_response_partial", f"p-{score}", answers=[answer], submitted_at="0001-01-01T00:00:00Z")


def test_a_response_is_what_the_options_say_of_its_fields() -> None:
    """The options are all that tells a recommendation from a rating, and an answer from somebody's words."""
    machine = run(told(translate, FORMS, response()))
    (row,) = rows(machine, ResponseRow)
    assert (row.account_id, row.response_id, row.survey_id, row.survey_version) == (
        "acme", "nps0token0of0a0response", "HLjqXS5W", 2,
    )  # fmt: skip
    assert (row.nps, row.finished, row.contact_id, row.invitation_id) == (9.0, True, "c-17", "inv-9")
    assert row.started_at == instant("2026-10-25T14:28:41Z")
    assert row.submitted_at == instant("2026-10-25T14:30:00Z")
    assert {(each.question_id, each.kind, each.number) for each in rows(machine, AnswerRow)} == {
        ("recommend", "NPS", 9.0),
        ("support", "CSAT", 4.0),
    }
    assert {each.choice for each in rows(machine, AnswerChoiceRow)} == {"Reports", "Price", "Speed"}


def test_a_scale_comes_with_the_answers_on_it() -> None:
    """Without a declared scale no answer of satisfaction counts; payloads do not have it."""
    forms = {"HLjqXS5W": {"csat": ["support", "onboarding"], "scales": {"onboarding": [0, 10, 8]}, "version": 3}}
    machine = run(told(translate, instance("typeform", forms=forms), response(), response(token="t-2")))
    scales = rows(machine, SurveyQuestionRow)
    found = {each.question_id: (each.scale_min, each.scale_max, each.positive_from) for each in scales}
    assert found == {"support": (1.0, 5.0, 4.0), "onboarding": (0.0, 10.0, 8.0)}
    assert {(each.account_id, each.survey_version) for each in scales} == {("typeform:main", 3)}
    only = instance("typeform", forms={"HLjqXS5W": {"nps": "recommend", "choice": "likes"}})
    assert [event.type for event in translate(delivery(response()), only).events] == ["response_submitted"]


def test_a_delivery_that_is_sent_again_is_the_same_event() -> None:
    """Typeform's signature has no time: what was recorded once verifies for ever, under any delivery id."""
    first, again = (translate(delivery(response(event_id=name)), FORMS) for name in ("e-1", "e-2"))
    assert first == again


@given(st.data())
def test_the_complete_response_goes_before_its_parts(data: st.DataObject) -> None:
    """Parts have no time of their own, and the last of them may be delivered after the whole."""
    bodies = data.draw(st.permutations([response(), partial(3), partial(4), response(event_id="e-2")]))
    (row,) = rows(run(told(translate, FORMS, *bodies)), ResponseRow)
    assert (row.nps, row.finished, row.corrections) == (9.0, True, 0)
    assert row.submitted_at == instant("2026-10-25T14:30:00Z")


def test_a_form_that_is_answered_within_its_second_is_finished() -> None:
    """Times have whole seconds, and a form may have one question."""
    at = "2026-10-25T14:28:41Z"
    for score in range(10):  # of one time and version, ids would decide
        for bodies in ((partial(score), response(submitted_at=at)), (response(submitted_at=at), partial(score))):
            (row,) = rows(run(told(translate, FORMS, *bodies)), ResponseRow)
            assert (row.nps, row.finished) == (9.0, True)


def test_a_part_alone_is_no_finished_response() -> None:
    """Metrics may count it or not: they have to know."""
    (row,) = rows(run(told(translate, FORMS, partial(3))), ResponseRow)
    assert (row.finished, row.nps) == (False, 3.0)
    assert row.submitted_at == instant("2026-10-25T14:28:41Z")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"nps": "why"}, None),
        ({"nps": "uses"}, "invalid_field"),
        ({"nps": ["support", "recommend"], "csat": "support"}, "invalid_options"),
        ({"nsp": "recommend"}, "invalid_options"),
    ],
)
def test_a_field_that_is_no_score_is_told(options: Body, reason: str | None) -> None:
    """A wrong name in the options would otherwise be a rate of zero; a text is simply no score."""
    forms = instance("typeform", forms={"HLjqXS5W": options})
    if reason is None:
        assert translate(delivery(response()), forms).events[-1].fields["answers"] == []
        return
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery(response()), forms)
    assert caught.value.reason == reason


def test_a_score_out_of_the_scale_is_refused() -> None:
    """An age of 25 is no recommendation, whatever the options say."""
    answer = {"type": "number", "number": 25, "field": {"ref": "recommend"}}
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery(response(answers=[answer])), FORMS)
    assert caught.value.reason == "score_out_of_scale"


def test_a_form_that_nobody_named_is_counted() -> None:
    """Its hook was made, its meaning was not told."""
    found = translate(delivery(response(form_id="xYz")), FORMS)
    assert (found.events, found.unmapped) == ((), ("form/xYz",))


def test_whose_a_response_is_without_a_hidden_account() -> None:
    """An address gives its domain; a person waits as himself, and nobody with the form."""
    by_domain = response(hidden={"email": "bob@acme.example"})
    person, nobody = response(hidden={"contact_id": "bob@x.example"}), response(hidden=None)
    bodies = by_domain, person, nobody
    keys = [translate(delivery(body), FORMS).events[-1].fields["account_id"] for body in bodies]
    assert keys[0] == "acme"
    assert keys[1].startswith("typeform:contact/person-")
    assert keys[2] == "typeform:form/HLjqXS5W"


@pytest.mark.parametrize(
    ("value", "is_test"), [("1", True), (True, True), ("false", False), ("", False), (None, False)]
)
def test_test_traffic_is_what_a_hidden_field_says(value: object, is_test: bool) -> None:
    """The vendor has no flag for it; the link of a trial has a field."""
    defined, event = recorded(translate(delivery(response(hidden={"account": "acme", "test": value})), FORMS))
    assert (event.event.is_test, defined.event.is_test) == (is_test, False)


@pytest.mark.real_data
def test_the_vendor_s_samples_are_responses() -> None:
    """One of its reference, one recorded: texts, a choice, a number and an address."""
    bodies = [json_sample(f"typeform/form_response_{name}.json") for name in ("documented", "recorded")]
    machine = run(told(translate, FORMS, *bodies))
    assert {row.survey_id: (row.finished, row.has_text) for row in rows(machine, ResponseRow)} == {
        "lT4Z3j": (True, False),
        "DHsCKv": (True, False),
    }
    assert [(each.question_id, each.number) for each in rows(machine, AnswerRow)] == [("readable_ref_age", 25.0)]
    assert [each.choice for each in rows(machine, AnswerChoiceRow)] == ["Male"]
