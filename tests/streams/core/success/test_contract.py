"""What becomes of a contract: decided on, renewed by notice or by its next term; amended, endless, out of order."""

from typing import Any

import pytest

from streams.core.rows_success import RenewalRow
from tests.support.contracts import contract, contract_of, day, decided, renewals, told

MICROS = 10_000
"""Millionths in a cent."""


def only(*events: Any, until: float = 1_000) -> RenewalRow:
    (row,) = renewals(told(*events, until=until))
    return row


@pytest.mark.parametrize(
    ("outcome", "amount", "status"),
    [
        ("RENEWED", 100_00, "renewed"),
        ("DOWNSOLD", 80_00, "downsold"),
        ("UPSOLD", 120_00, "upsold"),
        ("LOST", 0, "lost"),
    ],
)
def test_a_renewal_is_what_was_decided(outcome: str, amount: int, status: str) -> None:
    """Rates are sums over these rows: value before, value after, when due and when decided."""
    row = only(contract(0), decided(90, outcome, amount))
    assert (row.status, row.target_micros, row.final_micros) == (status, 100_00 * MICROS, amount * MICROS)
    assert (row.due_at, row.decided_at, row.flags) == (day(100), day(90), ())


@pytest.mark.parametrize(("until", "status"), [(99, "open"), (100, "overdue")])
def test_what_nobody_decides_is_open_and_overdue_once_due(until: float, status: str) -> None:
    """An undecided renewal must not vanish from the list when its day has come."""
    row = only(contract(0), until=until)
    assert (row.status, row.final_micros, row.decided_at) == (status, None, None)


@pytest.mark.parametrize(("until", "status"), [(69, "open"), (70, "renewed_auto")])
def test_a_contract_renews_itself_when_the_notice_has_passed(until: float, status: str) -> None:
    """From then on the customer is bound: it is renewed at its value, dated by the end of the notice."""
    row = only(contract(0, auto_renew=True, notice_days=30), until=until)
    assert (row.status, row.notice_at) == (status, day(70))
    assert (row.final_micros, row.decided_at) == ((100_00 * MICROS, day(70)) if status != "open" else (None, None))


def test_a_decision_told_after_the_notice_takes_the_place_of_the_automatic_renewal() -> None:
    """Somebody let the customer go all the same; that is what happened, and odd enough to be shown."""
    row = only(contract(0, auto_renew=True, notice_days=30), decided(80, "LOST"))
    assert (row.status, row.final_micros, row.flags) == ("lost", 0, ("decided_after_notice",))


def test_late_word_of_an_early_decision_undoes_what_time_showed() -> None:
    """The deadline fired because nobody had told yet; the decision counts from its own day."""
    row = only(contract(0, auto_renew=True, notice_days=30), decided(80, "LOST", decided_at=day(60)))
    assert (row.status, row.decided_at, row.flags) == ("lost", day(60), ())


def test_an_amended_due_date_keeps_the_first_one() -> None:
    """Co-terming moves a renewal to another quarter; without the first date nobody could see that it was moved."""
    moved = contract(50, 120_00, starts_at=day(0), ends_at=day(130))
    row = only(contract(0), moved, decided(120, "RENEWED", 120_00))
    assert (row.due_at, row.first_due_at, row.amendments) == (day(130), day(100), 1)
    assert row.target_micros == 120_00 * MICROS, "an upsell in mid-term is no upsell of the renewal"


def test_the_same_statement_again_amends_nothing() -> None:
    """A CRM sends its whole record at every touch."""
    assert only(contract(0), contract(50, starts_at=day(0), ends_at=day(100))).amendments == 0


def test_an_extension_after_a_kept_renewal_is_the_next_term() -> None:
    """Renewed contracts keep their number: the second renewal is measured by what the first one left."""
    first, second = renewals(
        told(
            contract(0),
            decided(90, "UPSOLD", 120_00),
            contract(90, 120_00, starts_at=day(0), ends_at=day(200)),
            decided(190, "LOST"),
        )
    )
    assert (first.status, first.due_at, first.final_micros) == ("upsold", day(100), 120_00 * MICROS)
    assert (second.status, second.due_at, second.first_due_at) == ("lost", day(200), day(200))
    assert second.target_micros == 120_00 * MICROS


def test_a_term_that_begins_when_the_last_one_ran_out_shows_that_it_was_renewed() -> None:
    """Nobody told of a decision, but the customer has signed the next year: that is no lost renewal."""
    first, second = renewals(told(contract(0), contract(105, 80_00, starts_at=day(100), ends_at=day(200))))
    assert (first.status, first.final_micros, first.decided_at) == ("downsold", 80_00 * MICROS, day(105))
    assert first.flags == ("decision_implied",)
    assert (second.status, second.term_no) == ("overdue", 2)


def test_the_next_term_of_one_that_renewed_itself_does_not_move_its_date() -> None:
    """It was renewed when the notice passed, whenever its next term is written down."""
    first, _ = renewals(
        told(contract(0, auto_renew=True, notice_days=30), contract(105, 110_00, starts_at=day(100), ends_at=day(200)))
    )
    assert (first.status, first.decided_at, first.final_micros) == ("renewed_auto", day(70), 110_00 * MICROS)


@pytest.mark.parametrize("kind", ["MONTHLY", "EVERGREEN"])
def test_a_contract_without_an_end_has_no_renewal(kind: str) -> None:
    """It never comes up for one, so it belongs in no denominator."""
    machine = told(contract(0, term_kind=kind, ends_at=None))
    assert (renewals(machine), contract_of(machine).due_at) == ([], None)


def test_a_decision_on_a_contract_without_an_end_is_flagged() -> None:
    """There is no renewal that it could decide; nothing is made up for it."""
    machine = told(contract(0, term_kind="MONTHLY", ends_at=None), decided(10, "LOST"))
    assert (renewals(machine), contract_of(machine).flags) == ([], ("decided_without_term",))


def test_a_term_that_became_endless_is_no_renewal_any_more() -> None:
    """Nobody will be asked to renew; the contract says so itself."""
    machine = told(contract(0), contract(50, term_kind="EVERGREEN", starts_at=day(0), ends_at=None))
    assert (renewals(machine), contract_of(machine).term_kind) == ([], "evergreen")


def test_a_renewal_that_was_kept_stays_when_the_contract_goes_on_without_an_end() -> None:
    """It was due and kept; from then on there is no term that another could come up for."""
    machine = told(contract(0), decided(90, "RENEWED", 100_00), contract(101, term_kind="MONTHLY", ends_at=None))
    assert [row.status for row in renewals(machine)] == ["renewed"]
    assert (contract_of(machine).term_no, contract_of(machine).due_at) == (0, None)


def test_a_decision_without_its_contract_waits() -> None:
    """Sources overtake each other: until the contract is told nothing is counted, then the decision is taken."""
    alone = told(decided(90, "LOST"))
    assert renewals(alone) == []
    assert (contract_of(alone).term_kind, contract_of(alone).flags) == ("incomplete", ("decided_without_contract",))
    row = only(decided(90, "LOST"), contract(91, starts_at=day(0), ends_at=day(100)))
    assert (row.status, row.flags) == ("lost", ("decided_before_contract",))


def test_an_outcome_that_nobody_knows_decides_nothing() -> None:
    """A word of a later release is no renewal and no loss; somebody has to look."""
    row = only(contract(0), decided(90, "UNKNOWN", 50_00))
    assert (row.status, row.final_micros, row.decided_at, row.flags) == ("unknown", None, None, ("unknown_outcome",))


def test_another_currency_makes_no_rate() -> None:
    """Dollars divided by euros are nothing; that it was kept still counts."""
    row = only(contract(0), decided(90, "RENEWED", 100_00, currency="EUR"))
    assert (row.status, row.final_micros, row.flags) == ("renewed", None, ("currency_differs",))


def test_what_contradicts_itself_over_two_events_is_flagged() -> None:
    """An upsell below the value before it is one mistake or another: the amount counts, the flag shows it."""
    row = only(contract(0), decided(90, "UPSOLD", 90_00), decided(91, "UPSOLD", 90_00))
    assert (row.final_micros, row.flags) == (90_00 * MICROS, ("decided_again", "outcome_contradicts_amount"))


def test_a_statement_after_the_decision_does_not_move_what_was_decided_on() -> None:
    """Else a lost renewal could be talked down once it is lost."""
    row = only(contract(0), decided(90, "LOST"), contract(95, 1_00, starts_at=day(0), ends_at=day(100)))
    assert (row.target_micros, row.flags) == (100_00 * MICROS, ("changed_after_decision",))


def test_a_renewal_due_after_the_end_is_flagged() -> None:
    """The customer is without a contract in between."""
    assert only(contract(0, renewal_at=day(110))).flags == ("due_after_end",)


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ([contract(0)], ["renewal_undecided"]),
        ([contract(0, auto_renew=True, notice_days=30)], ["contract_renewed_auto"]),
        ([contract(0), decided(90, "LOST")], []),
        ([contract(0, is_test=True)], []),
        ([contract(200, starts_at=day(0), ends_at=day(100))], []),
    ],
    ids=["due and undecided", "renewed itself", "decided", "test data", "told when it was long past"],
)
def test_a_signal_is_raised_where_nobody_decided(given: Any, kinds: list[str]) -> None:
    """Somebody should learn of it while it is news, and nobody about the distant past."""
    assert [signal.kind for signal in told(*given).signals] == kinds
