"""Given these events, what the log of changes adds up to: cases that random histories seldom put together."""

import pytest

from streams.core.algebra import RecordedEvent
from streams.core.changes import ONE
from streams.core.events import Answer, FollowupLogged, ResponseSubmitted
from tests.streams.core.test_change_laws import facts_of, logged
from tests.support.invoices import DAY, day, failed, given_up, issued, noted, paid
from tests.support.machine import changes, restated, run
from tests.support.money import applied, received, refunded, returned
from tests.support.tickets import HOUR, START, opened, recorded_events, turned

DOLLAR = ONE
ANSWER = {"response_id": "r1", "survey_id": "s", "survey_version": 1, "finished": True}
ANSWERED = noted(
    ResponseSubmitted, 1, submitted_at=day(1), answers=(Answer(question_id="q", kind="NPS", number=3.0),), **ANSWER
)
CALL = FollowupLogged(
    event_id="00000000-0000-4000-8000-000000009999",
    account_id="acme",
    occurred_at=day(2),
    source="desk:main",
    response_id="r1",
    followup_id="f1",
    kind="call",
)
CALLED = RecordedEvent(CALL, day(2))
BILL = {"billing_reason": "RENEWAL"}
Figures = dict[tuple[object, ...], tuple[int, int]]

CASES: dict[str, tuple[list[RecordedEvent], Figures]] = {
    "a first attempt that failed, and half of it was paid later": (
        [issued(1, 10_000, **BILL), failed(2, 10_000), paid(4, 5_000)],
        {
            ("payment_failure_rate", "USD", day(2)): (100 * DOLLAR, 100 * DOLLAR),
            ("recovery_rate", "USD", day(2)): (50 * DOLLAR, 100 * DOLLAR),
            ("dunning_outcome", "", day(2)): (0, ONE),
        },
    ),
    "a bank took a first attempt back, and the source gave up": (
        [issued(1, 10_000, **BILL), paid(2, 10_000), returned(5, 10_000), given_up(9)],
        {
            ("payment_failure_rate", "USD", day(2)): (100 * DOLLAR, 100 * DOLLAR),
            ("recovery_rate", "USD", day(5)): (0, 100 * DOLLAR),
            ("dunning_outcome", "exhausted", day(5)): (ONE, ONE),
        },
    ),
    "what was paid before the failure recovers nothing when it comes back": (
        [issued(1, 20_000), paid(2, 5_000), failed(3, 5_000), paid(4, 5_000, "P2"), returned(5, 2_000)],
        {
            ("recovery_rate", "USD", day(3)): (50 * DOLLAR, 50 * DOLLAR),
            ("dunning_outcome", "paid", day(3)): (ONE, ONE),
        },
    ),
    "what was paid after the failure and came back recovers nothing": (
        [issued(1, 20_000), failed(3, 5_000), paid(4, 5_000), returned(5, 2_000)],
        {
            ("recovery_rate", "USD", day(3)): (30 * DOLLAR, 50 * DOLLAR),
            ("dunning_outcome", "", day(3)): (0, ONE),
        },
    ),
    "what was paid at the moment of a failure was paid since then, until it came back": (
        [issued(1, 20_000), paid(3, 3_000), failed(3, 5_000), paid(3, 2_000, "P2"), returned(6, 2_000, "P2")],
        {
            ("recovery_rate", "USD", day(3)): (30 * DOLLAR, 50 * DOLLAR),
            ("dunning_outcome", "", day(3)): (0, ONE),
        },
    ),
    "a payment that came at the moment at which a bank took another one back": (
        [issued(1, 20_000), paid(2, 5_000), returned(5, 5_000), paid(5, 5_000, "P2")],
        {
            ("recovery_rate", "USD", day(5)): (50 * DOLLAR, 50 * DOLLAR),
            ("dunning_outcome", "paid", day(5)): (ONE, ONE),
        },
    ),
    "a ticket that was opened again after a day and a half counts within two days": (
        recorded_events(opened(), turned(1, "SOLVED"), turned(37, "OPEN"), turned(40, "SOLVED"), turned(200, "OPEN")),
        {("reopen_rate", "2", START + HOUR): (ONE, ONE)},
    ),
    "a detractor whom nobody called": ([ANSWERED], {("closed_loop_rate", "", day(1)): (0, ONE)}),
    "a detractor who was called after a day": (
        [ANSWERED, CALLED],
        {("closed_loop_rate", "86400", day(1)): (ONE, ONE)},
    ),
    "a ticket that was never opened again": (
        recorded_events(opened(), turned(1, "SOLVED"), turned(40, "CLOSED")),
        {("reopen_rate", "", START + HOUR): (0, ONE)},
    ),
}
SHOWN = {"payment_failure_rate", "recovery_rate", "dunning_outcome", "reopen_rate", "closed_loop_rate"}


@pytest.mark.parametrize("name", CASES)
def test_changes_add_up_to_the_figures_of(name: str) -> None:
    told, expected = CASES[name]
    machine = run(told)
    assert {key: both for key, both in logged(machine).items() if key[0] in SHOWN} == expected
    assert logged(machine) == facts_of(machine)


def test_an_outcome_that_comes_in_is_no_restatement() -> None:
    """Given an invoice that is paid after a failure, no figure was wrong; some were where the bank takes it back."""
    told = [issued(1, 10_000, due_at=day(3), **BILL), failed(2, 10_000), paid(4, 10_000)]
    assert restated(run(told)) == []
    back = restated(run([*told, returned(6, 10_000)]))
    assert {row.metric for row in back} >= {"recovery_rate", "dunning_outcome", "late_payment_rate"}
    assert {row.kind for row in back} == {"displaced"}
    assert restated(run([ANSWERED, CALLED])) == []


def collected(told: list[RecordedEvent]) -> list[tuple[object, ...]]:
    """Change rows of collections: item, day, kind, what numerator (dollars) and denominator gained."""
    rows = [row for row in changes(run(told)) if row.metric == "collections"]
    return [
        (
            row.item,
            (row.window_at - day(1)) // DAY + 1,
            row.kind,
            row.numerator_micros // DOLLAR,
            row.denominator_micros // ONE,
        )
        for row in sorted(rows, key=lambda row: (row.ingested_at, row.item, row.window_at))
    ]


def test_what_is_used_of_a_rest_takes_the_place_of_nothing() -> None:
    """Given money that waits, what uses it, be it as credit, changes nothing of what came in."""
    told = [
        received(2, 10_000),
        paid(4, 6_000, paid_at=day(2), payment_amount=10_000),
        applied(5, 1_000, payment_id="P1"),
    ]
    assert collected(told) == [
        ("USD/", 2, "first", 100, 1),
        ("USD/", 2, "first", -60, 0),
        ("USD/I1", 2, "first", 60, 1),
    ]
    assert collected([*told, returned(6, 4_000, invoice_id=None)])[3:] == [("USD/returned/X1", 6, "first", -40, 0)]


def test_a_whole_that_was_less_takes_the_place_of_what_was_told() -> None:
    """Given a receipt that is told anew, and later than two weeks, what had counted counts no more."""
    assert collected([received(2, 10_000), received(3, 7_000, received_at=day(2))])[1:] == [
        ("USD/", 2, "displaced", -30, 0)
    ]
    assert collected([received(2, 10_000), received(30, 7_000, received_at=day(2))])[1:] == [
        ("USD/", 2, "late", -30, 0)
    ]


def test_a_part_that_is_told_before_the_whole_moves_to_when_the_money_came() -> None:
    """Given a part by itself, the receipt says when all of it came, and what else did."""
    told = [paid(4, 6_000), received(5, 10_000, received_at=day(3))]
    assert collected(told) == [
        ("USD/I1", 4, "first", 60, 1),
        ("USD/", 3, "displaced", 40, 1),
        ("USD/I1", 3, "displaced", 60, 1),
        ("USD/I1", 4, "displaced", -60, -1),
    ]


def test_a_refund_of_an_older_payment_is_no_restatement_of_its_cohort() -> None:
    """Given a payment, what is given back of it comes in later, and was open until then."""
    told = [paid(4, 6_000), refunded(40, 1_000)]
    rows = [row for row in changes(run(told)) if row.metric == "refund_rate_cohort"]
    assert [(row.kind, row.window_at, row.numerator_micros, row.denominator_micros) for row in rows] == [
        ("first", day(4), 0, ONE),
        ("first", day(4), ONE, 0),
    ]
    assert restated(run(told)) == []
