"""Given these events, what the log of changes adds up to: cases that random histories seldom put together."""

import pytest

from streams.core.algebra import Note
from streams.core.changes import ONE
from streams.core.events import Answer, FollowupLogged, ResponseSubmitted
from tests.streams.core.test_change_laws import facts_of, logged
from tests.support.invoices import day, failed, given_up, issued, noted, paid
from tests.support.machine import restated, run
from tests.support.money import returned
from tests.support.tickets import HOUR, START, notes, opened, turned

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
CALLED = Note(CALL, day(2))
BILL = {"billing_reason": "RENEWAL"}
Figures = dict[tuple[object, ...], tuple[int, int]]

CASES: dict[str, tuple[list[Note], Figures]] = {
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
        notes(opened(), turned(1, "SOLVED"), turned(37, "OPEN"), turned(40, "SOLVED"), turned(200, "OPEN")),
        {("reopen_rate", "2", START + HOUR): (ONE, ONE)},
    ),
    "a detractor whom nobody called": ([ANSWERED], {("closed_loop_rate", "", day(1)): (0, ONE)}),
    "a detractor who was called after a day": (
        [ANSWERED, CALLED],
        {("closed_loop_rate", "86400", day(1)): (ONE, ONE)},
    ),
    "a ticket that was never opened again": (
        notes(opened(), turned(1, "SOLVED"), turned(40, "CLOSED")),
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
