"""Formbricks: the end of a response is told twice, and a change after it looks the same as the end."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.rows_survey import AnswerRow, ResponseRow
from streams.ingest.vendors.formbricks import translate
from tests.support.machine import figures, run
from tests.support.samples import instant
from tests.support.tickets import rows
from tests.support.vendor_cases import instance
from tests.support.vendors import delivery, own_sample, recorded, told

SURVEYS = instance("formbricks")
LIFE = ("created", "updated_at_the_end", "finished")
orders = st.permutations([*LIFE, *LIFE])


def sample(name: str, **data: Any) -> dict[str, Any]:
    body = own_sample(f"formbricks/{name}.json")
    return {**body, "data": {**body["data"], **data}}


def the_row(*names: str) -> ResponseRow:
    (row,) = rows(run(told(translate, SURVEYS, *map(sample, names))), ResponseRow)
    return row


@given(orders)
def test_an_end_that_is_told_twice_is_no_correction(order: list[str]) -> None:
    """Every response of this vendor would count as corrected, and the log of restatements would be full of them."""
    row = the_row(*order)
    assert (row.nps, row.finished, row.corrections, row.account_id) == (9.0, True, 0, "acme")
    assert row.submitted_at == instant("2026-07-24T07:47:29.507Z")


@given(orders)
def test_a_change_afterwards_is_a_correction_that_moves_nothing(order: list[str]) -> None:
    """It counts in the window in which the customer answered."""
    row = the_row("corrected", *order)
    assert (row.nps, row.finished, row.corrections) == (3.0, True, 1)
    assert row.submitted_at == instant("2026-07-24T07:47:29.507Z")


def test_either_event_of_the_end_is_enough() -> None:
    """A webhook need not be subscribed to all three."""
    both = [run(told(translate, SURVEYS, sample(name))) for name in ("finished", "updated_at_the_end")]
    assert figures(both[0]) == figures(both[1])


def test_an_unfinished_response_is_one() -> None:
    """What somebody said before leaving was said."""
    row = the_row("created")
    assert (row.finished, row.nps, row.display_id, row.contact_id) == (False, 9.0, "d1", "u-17")


def test_skipped_questions_and_texts_are_no_answers() -> None:
    """What was shown and skipped comes as an empty text."""
    machine = run(told(translate, SURVEYS, sample("finished")))
    assert {(each.question_id, each.number) for each in rows(machine, AnswerRow)} == {("q1", 9.0), ("q3", 4.0)}
    skipped = run(told(translate, SURVEYS, sample("finished", data={"q1": "", "q3": 4})))
    assert [each.question_id for each in rows(skipped, AnswerRow)] == ["q3"]


def test_a_list_of_deliveries_is_each_of_them() -> None:
    """As the vendor's reference prints its examples."""
    assert translate(delivery([sample("finished")]), SURVEYS) == translate(delivery(sample("finished")), SURVEYS)


def test_who_answers_without_a_contact_waits_with_the_survey() -> None:
    """Link surveys have no contact, and no attributes either."""
    nobody = sample("finished", contact=None, contactAttributes=None)
    known = sample("finished", contactAttributes={"userId": "u-18", "email": "bob@acme.example"})
    stranger = sample("finished", contactAttributes=None)
    keys = [translate(delivery(body), SURVEYS).events[-1].fields["account_id"] for body in (nobody, known, stranger)]
    assert keys == ["formbricks:survey/s1", "acme", "formbricks:contact/u-17"]


def test_what_no_one_maps_is_counted_by_name() -> None:
    """A survey that nobody named, and the trial delivery of a new webhook."""
    found = translate(delivery([sample("finished", surveyId="s9"), {"event": "testEndpoint"}]), SURVEYS)
    assert (found.events, found.unmapped) == ((), ("survey/s9", "testEndpoint"))


def test_a_tag_marks_test_traffic() -> None:
    """Colleagues try a survey before customers see it."""
    tagged = sample("finished", tags=[{"id": "t1", "name": "internal"}])
    assert [each.event.is_test for each in recorded(translate(delivery(tagged), SURVEYS))] == [False, True]
