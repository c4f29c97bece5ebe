"""Given these events, what the books say: the cases that accountants ask about, by name."""

from typing import Any

import pytest

from streams.core.algebra import RecordedEvent
from streams.core.events import InvoiceLine
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_receivable import (
    InvoiceDueRow,
    InvoiceLineRow,
    InvoiceRow,
    PaymentAttemptRow,
    ReceivableEntryRow,
)
from tests.support.invoices import credited, day, failed, given_up, issued, paid, put_off, voided, written_off
from tests.support.machine import Machine, changes, run
from tests.support.machine import restated as machine_restated

CENT = 10_000
DOLLAR = 100 * CENT


def invoice(machine: Machine) -> InvoiceRow:
    (found,) = (row for row in machine.tables.values() if isinstance(row, InvoiceRow))
    return found


def book(machine: Machine, name: str, until: float = 1_000, currency: str = "USD") -> int:
    """Balance of a book as of a day, micros."""
    return sum(
        row.amount_micros
        for row in machine.tables.values()
        if isinstance(row, ReceivableEntryRow) and (row.book, row.currency) == (name, currency) and row.at <= day(until)
    )


def balances(machine: Machine, until: float = 1_000) -> tuple[int, int]:
    """(receivable, customer credit) as of a day, in dollars."""
    both = book(machine, "receivable", until), book(machine, "customer_credit", until)
    assert all(amount % DOLLAR == 0 for amount in both)
    return both[0] // DOLLAR, both[1] // DOLLAR


CASES: dict[str, tuple[list[RecordedEvent], str, dict[float, tuple[int, int]], tuple[str, ...]]] = {
    "partial payments": (
        [issued(1, 10_000), paid(5, 3_000), paid(9, 7_000, "P2")],
        "paid",
        {1: (100, 0), 5: (70, 0), 9: (0, 0)},
        (),
    ),
    "overpayment": (
        [issued(1, 10_000), paid(5, 12_000)],
        "paid",
        {1: (100, 0), 5: (0, 20)},
        ("overpaid",),
    ),
    "void": ([issued(1, 10_000), voided(3)], "void", {1: (100, 0), 3: (0, 0)}, ()),
    "void after a part was paid": (
        [issued(1, 10_000), paid(2, 4_000), voided(3)],
        "void",
        {2: (60, 0), 3: (0, 40)},
        ("voided_after_payment",),
    ),
    "paid after void": (
        [issued(1, 10_000), voided(3), paid(4, 10_000)],
        "void",
        {3: (0, 0), 4: (0, 100)},
        ("paid_after_void",),
    ),
    "credit note and write-off after void": (
        [issued(1, 10_000), voided(3), credited(4, 1_000), written_off(5)],
        "void",
        {5: (0, 0)},
        ("changed_after_void",),
    ),
    "void after a credit note": (
        [issued(1, 10_000), credited(2, 2_500), voided(3)],
        "void",
        {2: (75, 0), 3: (0, 0)},
        (),
    ),
    "void after a write-off": ([issued(1, 10_000), written_off(2), voided(3)], "void", {2: (0, 0), 3: (0, 0)}, ()),
    "negative invoice": ([issued(1, -5_000)], "credit", {1: (0, 50)}, ()),
    "negative invoice, void": ([issued(1, -5_000), voided(2)], "void", {1: (0, 50), 2: (0, 0)}, ()),
    "credit applied": (
        [issued(1, 10_000, credit_applied=3_000), paid(5, 7_000)],
        "paid",
        {1: (70, -30), 5: (0, -30)},
        (),
    ),
    "credit applied to an invoice that is void later": (
        [issued(1, 10_000, credit_applied=3_000), voided(5)],
        "void",
        {1: (70, -30), 5: (0, 0)},
        (),
    ),
    "credit note, then the rest": (
        [issued(1, 10_000), credited(3, 2_500), paid(5, 7_500)],
        "paid",
        {3: (75, 0), 5: (0, 0)},
        (),
    ),
    "credit note of all": ([issued(1, 10_000), credited(3, 10_000)], "credited", {3: (0, 0)}, ()),
    "credit note after payment": (
        [issued(1, 10_000), paid(2, 10_000), credited(3, 4_000)],
        "paid",
        {3: (0, 40)},
        ("overpaid",),
    ),
    "write-off of the rest": (
        [issued(1, 10_000), paid(5, 4_000), written_off(9)],
        "written_off",
        {5: (60, 0), 9: (0, 0)},
        (),
    ),
    "write-off above what is open": (
        [issued(1, 10_000), paid(5, 4_000), written_off(9, 10_000)],
        "written_off",
        {9: (0, 0)},
        (),
    ),
    "paid after all": (
        [issued(1, 10_000), written_off(9), paid(12, 6_000)],
        "written_off",
        {9: (0, 0), 12: (0, 0)},
        ("paid_after_write_off",),
    ),
    "paid before it was issued": (
        [paid(1, 4_000), issued(3, 10_000)],
        "open",
        {1: (0, 40), 3: (60, 0)},
        ("paid_before_issue",),
    ),
    "never issued": ([paid(1, 4_000)], "incomplete", {1: (0, 40)}, ("not_issued",)),
    "void of an unknown invoice": ([voided(1)], "incomplete", {1: (0, 0)}, ("not_issued",)),
    "other currency": (
        [issued(1, 10_000), paid(5, 9_000, currency="EUR"), written_off(6, 100, currency="EUR")],
        "open",
        {5: (100, 0)},
        ("other_currency",),
    ),
    "two issuing sources": (
        [issued(1, 10_000), issued(2, 9_000, source="erp:main", issued_at=day(1))],
        "open",
        {1: (90, 0)},
        ("issued_twice",),
    ),
    "issued again by the same source": (
        [issued(1, 10_000), issued(2, 9_000, issued_at=day(1))],
        "open",
        {1: (90, 0)},
        (),
    ),
    "the same payment again, smaller": ([issued(1, 10_000), paid(2, 6_000), paid(3, 5_000)], "open", {3: (50, 0)}, ()),
    "credit notes above the total": (
        [issued(1, 10_000), credited(2, 11_000)],
        "credited",
        {2: (0, 10)},
        ("credited_above_total",),
    ),
    "nothing to pay": ([issued(1, 0)], "paid", {1: (0, 0)}, ()),
}


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("name", CASES)
def test_the_books_say(name: str, turned: bool) -> None:
    """Each case is one that reports get wrong elsewhere: money vanishes, counts twice, or an invoice is below zero."""
    recorded_events, status, expected, flags = CASES[name]
    machine = run(recorded_events[::-1] if turned else recorded_events)
    row = invoice(machine)
    assert {at: balances(machine, at) for at in expected} == expected
    assert (row.status, row.flags) == (status, flags)
    assert row.open_micros == book(machine, "receivable")


def test_a_recovered_write_off_leaves_only_what_was_really_lost() -> None:
    """Bad debt is what never came: a payment after the write-off takes it back and is not the customer's to keep."""
    machine = run([issued(1, 10_000), written_off(9), paid(12, 6_000)])
    assert (invoice(machine).written_off_micros, book(machine, "customer_credit")) == (40 * DOLLAR, 0)
    kinds = {row.kind: row.amount_micros for row in machine.tables.values() if isinstance(row, ReceivableEntryRow)}
    assert kinds["paid"] == -60 * DOLLAR
    assert invoice(machine).closed_at == day(9)


def test_what_was_paid_in_another_currency_is_kept_in_it() -> None:
    """Nobody can say what 90 euros settle of 100 dollars without a rate that both sides agreed on."""
    machine = run([issued(1, 10_000), paid(5, 9_000, currency="EUR")])
    assert (invoice(machine).paid_micros, book(machine, "customer_credit", currency="EUR")) == (0, 90 * DOLLAR)


@pytest.mark.parametrize(("exponent", "total"), [(0, 5), (2, 500), (3, 5_000), (6, 5_000_000)])
def test_every_exponent_means_the_same_money(exponent: int, total: int) -> None:
    """Five won, five dollars and five dinars are five of each; an exponent taken for another is a factor of ten."""
    machine = run([issued(1, total, currency="KWD", exponent=exponent)])
    assert invoice(machine).open_micros == 5 * DOLLAR


def test_a_moved_due_date_holds_from_its_own_time() -> None:
    """Ageing as of a past day goes by what was agreed then; who moves a date does not rewrite who was late."""
    machine = run([put_off(20, 45), issued(1, 10_000, due_at=day(31)), put_off(10, 40), put_off(0.5, 35)])
    found = sorted((row.valid_from, row.due_at) for row in machine.tables.values() if isinstance(row, InvoiceDueRow))
    assert found == [(day(1), day(35)), (day(10), day(40)), (day(20), day(45))]
    assert invoice(machine).due_at == day(45)


def test_an_invoice_without_a_due_date_leaves_it_to_the_terms() -> None:
    """The terms of payment are a policy that may arrive late; an invented date could not be told from a real one."""
    machine = run([issued(1, 10_000)])
    assert invoice(machine).due_at is None
    assert [row.due_at for row in machine.tables.values() if isinstance(row, InvoiceDueRow)] == [None]


@pytest.mark.parametrize(
    ("recorded_events", "closed_at"),
    [
        ([issued(1, 10_000), paid(5, 4_000)], None),
        ([issued(1, 10_000), paid(5, 4_000), paid(8, 6_000, "P2")], day(8)),
        ([issued(1, 10_000), paid(5, 10_000), credited(7, 1_000)], day(5)),
        ([issued(3, 10_000), paid(1, 10_000)], day(3)),
        ([issued(3, 10_000), paid(1, 12_000), paid(9, 100, "P2")], day(3)),
        ([issued(3, -100)], day(3)),
    ],
    ids=["open", "last part", "credit note later", "paid before", "too much before", "negative"],
)
def test_closed_is_since_when_nothing_is_open(recorded_events: list[RecordedEvent], closed_at: int | None) -> None:
    """Late is what was closed after it was due, so this time decides about every late payment."""
    assert invoice(run(recorded_events)).closed_at == closed_at


def test_attempts_fail_then_succeed() -> None:
    """Recovery starts at the first failure and ends with the money, whoever numbers the attempts how."""
    recorded_events = [
        issued(1, 10_000),
        failed(2, 10_000, attempt_no=1),
        failed(4, 10_000, attempt_no=2),
        paid(6, 10_000),
    ]
    machine = run(recorded_events)
    tried = sorted(
        (row.at, row.outcome, row.is_first) for row in machine.tables.values() if isinstance(row, PaymentAttemptRow)
    )
    assert tried == [(day(2), "failed", True), (day(4), "failed", False), (day(6), "succeeded", False)]
    row = invoice(machine)
    assert (row.failed_attempts, row.first_failed_at, row.last_paid_at) == (2, day(2), day(6))


def test_a_failure_reported_again_is_the_same_attempt() -> None:
    """A source that sends every state of a payment reports one failure under several event ids."""
    again: dict[str, Any] = {"payment_id": "P1", "attempt_no": 1, "failure_code": "card_declined"}
    machine = run([issued(1, 10_000), failed(2, 10_000, **again), failed(3, 10_000, **again)])
    assert invoice(machine).failed_attempts == 1


def test_the_source_ends_dunning() -> None:
    """Exhausted is the source's word; the default of thirty days is only for those who never say."""
    row = invoice(run([issued(1, 10_000), failed(2, 10_000), given_up(20)]))
    assert (row.dunning_outcome, row.dunning_ended_at) == ("EXHAUSTED", day(20))


@pytest.mark.parametrize(
    ("lines", "reason", "recurring"),
    [
        ((InvoiceLine(line_id="1", amount=100, kind="SUBSCRIPTION"),), "MANUAL", True),
        ((InvoiceLine(line_id="1", amount=100, subscription_id="S1"),), "MANUAL", True),
        ((InvoiceLine(line_id="1", amount=100, kind="ONE_OFF"),), "RENEWAL", False),
        ((), "RENEWAL", True),
        ((), "UNKNOWN", False),
    ],
)
def test_recurring_is_what_a_subscription_charges(lines: tuple[InvoiceLine, ...], reason: str, recurring: bool) -> None:
    """The failure rate counts recurring charges only: one-off sales fail for other reasons."""
    machine = run([issued(1, 100, lines=lines, billing_reason=reason)])
    assert invoice(machine).is_recurring is recurring
    assert len([row for row in machine.tables.values() if isinstance(row, InvoiceLineRow)]) == len(lines)


def test_test_traffic_marks_every_row_of_the_invoice() -> None:
    """A payment from test mode on a real invoice would pay it; one mark is enough to keep all of it out of figures."""
    machine = run([issued(1, 10_000), paid(2, 10_000, is_test=True)])
    assert sum(row.numerator_micros for row in changes(machine)) == 0
    marked = [row for row in machine.tables.values() if not isinstance(row, MetricChangeRow)]
    assert all(row.is_test for row in marked)  # type: ignore[attr-defined]


def test_sums_beyond_a_column_end_at_its_bound() -> None:
    """A row that no column holds would stop its partition for ever; absurd sums are told as the largest there is."""
    most = 10**17
    recorded_events = [issued(1, most, exponent=6), *(paid(2, most, f"P{i}", exponent=6) for i in range(100))]
    assert invoice(run(recorded_events)).paid_micros == 2**63 - 1


def restated(machine: Machine) -> list[tuple[str, str, int, float | None, float | None]]:
    found = [row for row in machine_restated(machine) if row.metric == "receivable"]
    return sorted((row.reason, row.item, row.window_at, row.old_value, row.new_value) for row in found)


def test_a_late_payment_tells_what_it_changed() -> None:
    """A balance of two weeks ago that moves without a word is a balance that nobody trusts again."""
    machine = run([issued(1, 10_000), paid(2, 4_000, ingested=day(17))])
    assert restated(machine) == [("late", "USD/paid/receivable/P1", day(2), None, -40.0)]
    assert restated(run([issued(1, 10_000), paid(2, 4_000, ingested=day(16))])) == []


def test_a_correction_is_booked_in_its_own_period() -> None:
    """The amount leaves the day where it was wrong and enters the day where it is right."""
    wrong = paid(2, 4_000)
    right = paid(5, 3_000, corrects_event_id=wrong.event.event_id)
    machine = run([issued(1, 10_000), wrong, right])
    assert restated(machine) == [
        ("corrected", "USD/paid/receivable/P1", day(2), -40.0, None),
        ("corrected", "USD/paid/receivable/P1", day(5), None, -30.0),
    ]
    assert balances(machine, 3) == (100, 0)


def test_an_invoice_issued_again_tells_the_difference() -> None:
    """A source that repeats whole objects corrects without saying so."""
    machine = run([issued(1, 10_000), issued(2, 9_000, issued_at=day(1))])
    assert restated(machine) == [("issued again", "USD/issued/receivable/", day(1), 100.0, 90.0)]


def test_what_was_taken_back_as_a_whole_leaves_only_the_log() -> None:
    """An invoice that never was has no row; that it was shown for a while stays on record."""
    wrong = issued(1, 10_000)
    machine = run([wrong, issued(2, 0, corrects_event_id=wrong.event.event_id, is_retraction=True)])
    assert {type(row) for row in machine.tables.values()} == {MetricChangeRow}
    assert restated(machine) == [("retracted", "USD/issued/receivable/", day(1), 100.0, None)]
