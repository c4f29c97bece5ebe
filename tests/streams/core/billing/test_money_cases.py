"""Money that comes back, waits, is used later, or leaves by another door: what the books and the ledger say of it."""

from collections import defaultdict
from itertools import permutations

import msgspec
import pytest

from streams.core.algebra import RecordedEvent
from streams.core.rows_receivable import InvoiceRow, MoneyEntryRow, PaymentAttemptRow, ReceivableEntryRow
from streams.core.rows_refund import CreditEntryRow
from tests.support.conservation import broken
from tests.support.invoices import credited, day, failed, issued, paid, voided, written_off
from tests.support.machine import Machine, figures, run
from tests.support.money import (
    applied,
    charged_back,
    dispute_ended,
    received,
    refund_failed,
    refunded,
    returned,
)

DOLLAR = 1_000_000


def in_any_order(*recorded_events: RecordedEvent) -> Machine:
    """The tables after all of them, which no order of arrival changes; the laws of money hold in them."""
    machine = run(list(recorded_events))
    for order in permutations(recorded_events) if len(recorded_events) < 6 else [recorded_events[::-1]]:
        assert figures(run(list(order))) == figures(machine)
    assert broken(machine.tables.values()) == []
    return machine


def balances(machine: Machine, days: list[float], name: str = "credit") -> list[int]:
    """Dollars of a book at the end of days: open, credit, paid (net of what was given back) or given_back."""
    found = []
    for end in map(day, days):
        sums: defaultdict[str, int] = defaultdict(int)
        for row in machine.tables.values():
            if isinstance(row, ReceivableEntryRow) and row.at <= end and row.book == "receivable":
                sums["open"] += row.amount_micros
            if isinstance(row, MoneyEntryRow) and row.at <= end:
                sums[row.book] += row.amount_micros
            if isinstance(row, CreditEntryRow) and row.at <= end:
                sums["credit" if row.book == "customer_credit" else "given_back"] += row.amount_micros
        sums["paid"] -= sums["given_back"]
        assert sums[name] % DOLLAR == 0
        found.append(sums[name] // DOLLAR)
    return found


def invoice(machine: Machine, invoice_id: str = "I1") -> InvoiceRow:
    (row,) = (row for row in machine.tables.values() if isinstance(row, InvoiceRow) and row.invoice_id == invoice_id)
    return row


def test_a_debit_that_the_bank_returns_opens_the_invoice_again() -> None:
    """13,400 paid on the thirtieth and returned a week later are owed again from then on, and were not in between."""
    machine = in_any_order(issued(1, 1_340_000), paid(30, 1_340_000), returned(37, 1_340_000))
    assert balances(machine, [29, 30, 36, 37, 99], "open") == [13_400, 0, 0, 13_400, 13_400]
    row = invoice(machine)
    assert (row.status, row.closed_at, row.paid_micros, row.returned_micros) == (
        "open",
        None,
        13_400 * DOLLAR,
        13_400 * DOLLAR,
    )
    assert row.flags == ("payment_returned",)


def test_a_return_of_part_opens_that_part() -> None:
    """Banks return parts of collective debits."""
    machine = in_any_order(issued(1, 10_000), paid(5, 10_000), returned(9, 4_000), paid(12, 4_000, "P2"))
    assert balances(machine, [5, 9, 12], "open") == [0, 40, 0]
    assert (invoice(machine).status, invoice(machine).closed_at) == ("paid", day(12))


def test_a_return_of_a_payment_over_two_invoices_opens_both() -> None:
    """A transfer is returned as a whole; each invoice has an event of the same return, as it had of the payment."""
    machine = in_any_order(
        issued(1, 8_000, invoice_id="a"),
        issued(1, 10_000, invoice_id="z"),
        paid(10, 8_000, invoice_id="a", payment_amount=20_000),
        paid(10, 10_000, invoice_id="z", payment_amount=20_000),
        returned(15, 8_000, invoice_id="a"),
        returned(15, 10_000, invoice_id="z"),
        returned(15, 2_000, invoice_id=None),
    )
    assert balances(machine, [10, 15], "open") == [0, 180]
    assert balances(machine, [10, 15]) == [20, 0]


def test_a_return_of_what_was_overpaid_takes_the_credit_first() -> None:
    """Paid twice, and one of the two came back: the other still pays the invoice."""
    machine = in_any_order(issued(1, 10_000), paid(5, 10_000), paid(6, 10_000, "P2"), returned(9, 10_000))
    assert balances(machine, [5, 6, 9], "open") == [0, 0, 0]
    assert balances(machine, [5, 6, 9]) == [0, 100, 0]


def test_a_refunded_payment_that_is_returned_was_given_away() -> None:
    """The invoice is open as a whole, and 40 are gone that nobody paid."""
    machine = in_any_order(issued(1, 10_000), paid(5, 10_000), refunded(7, 4_000), returned(9, 10_000))
    assert balances(machine, [5, 7, 9], "open") == [0, 0, 100]
    assert balances(machine, [5, 7, 9], "paid") == [100, 60, -40]
    assert balances(machine, [5, 7, 9], "given_back") == [0, 40, 40]


def test_a_return_is_a_failure_that_came_late() -> None:
    """The attempt did not succeed, and there is a failure with the bank's code, at its own time."""
    machine = run([issued(1, 10_000), paid(5, 10_000), returned(9, 10_000, return_code="R01")])
    tried = {row.attempt_id: row for row in machine.tables.values() if isinstance(row, PaymentAttemptRow)}
    assert {name: (row.outcome, row.at, row.is_first, row.failure_code) for name, row in tried.items()} == {
        "paid:P1": ("returned", day(5), True, ""),
        "returned:X1/P1": ("failed", day(9), False, "R01"),
    }


def test_a_failure_of_a_payment_that_was_received_is_flagged() -> None:
    """Processors tell a late return as a failure: the invoice stays paid, and somebody has to look."""
    machine = in_any_order(issued(1, 10_000), paid(5, 10_000), failed(9, 10_000, payment_id="P1"))
    assert (invoice(machine).flags, balances(machine, [9], "open")) == (("received_payment_failed",), [0])
    before = in_any_order(issued(1, 10_000), failed(4, 10_000, payment_id="P1"), paid(5, 10_000, attempt_no=2))
    assert invoice(before).flags == ()


def test_a_return_without_its_payment_is_flagged() -> None:
    """Something is missing, and a receivable above the total would be believed."""
    machine = in_any_order(issued(1, 10_000), returned(9, 4_000))
    assert (invoice(machine).flags, balances(machine, [9], "open")) == (("returned_above_paid",), [140])


def test_a_return_on_a_credit_invoice_takes_its_credit() -> None:
    """No money is known behind it, and 20 are gone: of the 50 that were granted 30 are left."""
    machine = in_any_order(issued(1, -5_000), returned(9, 2_000))
    assert (balances(machine, [1, 9]), balances(machine, [9], "granted"), balances(machine, [9], "paid")) == (
        [50, 30],
        [50],
        [0],
    )


def test_the_rest_of_a_payment_waits_as_credit() -> None:
    """1,500 come in, 1,000 go to the invoice: 500 are the customer's until they are used."""
    machine = in_any_order(issued(1, 100_000), paid(10, 100_000, payment_amount=150_000))
    assert balances(machine, [9, 10, 99]) == [0, 500, 500]


def test_a_rest_is_used_when_it_is_used_and_not_when_it_came() -> None:
    """The second invoice is open until somebody puts the rest to it, whatever day the money came."""
    later = paid(60, 50_000, invoice_id="I2", payment_amount=150_000, paid_at=day(10))
    machine = in_any_order(
        issued(1, 100_000), paid(10, 100_000, payment_amount=150_000), issued(40, 50_000, invoice_id="I2"), later
    )
    assert balances(machine, [10, 40, 59, 60]) == [500, 500, 500, 0]
    assert balances(machine, [10, 40, 59, 60], "open") == [0, 500, 500, 0]


@pytest.mark.parametrize("whole", [None, 150_000])
def test_a_payment_received_without_an_invoice_is_credit_until_it_is_put_to_one(whole: int | None) -> None:
    """A receipt and the part that an invoice has of it are one payment: the money came once."""
    machine = in_any_order(
        received(10, 150_000), issued(40, 50_000), paid(60, 50_000, paid_at=day(10), payment_amount=whole)
    )
    assert balances(machine, [10, 40, 59, 60]) == [1500, 1500, 1500, 1000]
    assert balances(machine, [40, 59, 60], "open") == [500, 500, 0]


def test_what_is_told_of_a_payment_in_a_test_leaves_it_alone() -> None:
    """A test of the same id, on the day on which the rest is used: postings of both have names of their own."""
    real = [issued(1, 5_000), paid(14, 5_000, paid_at=day(5), payment_amount=12_000)]
    machine = in_any_order(*real, received(14, 3_000, is_test=True))
    of_test = [row for row in machine.tables.values() if isinstance(row, CreditEntryRow) and row.is_test]
    assert len(of_test) == 1
    assert sum(balances(machine, [14])) - of_test[0].amount_micros // DOLLAR == 70


def test_credit_is_used_for_an_open_invoice_when_it_is_used() -> None:
    """Credit given on the tenth for an invoice of the fifth: open until the tenth, then nothing of either."""
    machine = in_any_order(
        issued(5, 1_000), issued(10, -1_000, invoice_id="cr"), applied(10, 1_000, credit_invoice_id="cr")
    )
    assert balances(machine, [5, 9, 10], "open") == [10, 10, 0]
    assert balances(machine, [5, 9, 10]) == [0, 0, 0]
    assert invoice(machine).status == "paid"
    assert not [row for row in machine.tables.values() if isinstance(row, CreditEntryRow) and row.kind == "applied"]


def test_credit_used_on_two_invoices_takes_the_oldest_first() -> None:
    """Ten of one credit and two of the next: what is left is of the next."""
    machine = in_any_order(
        issued(1, -1_000, invoice_id="c1"),
        issued(2, -500, invoice_id="c2"),
        issued(3, 700),
        issued(3, 500, invoice_id="I2"),
        applied(4, 700),
        applied(5, 500, "I2"),
    )
    assert balances(machine, [3, 4, 5]) == [15, 8, 3]
    left: defaultdict[str, int] = defaultdict(int)
    for row in machine.tables.values():
        if isinstance(row, CreditEntryRow):
            left[row.invoice_id] += row.amount_micros
    assert left == {"c1": 0, "c2": 3 * DOLLAR}


def test_credit_that_comes_back_is_as_old_as_it_was() -> None:
    """A refund that fails gives back what it took; the next use takes it before credit that came in between."""
    machine = in_any_order(
        issued(1, -1_000, invoice_id="c1"),
        issued(2, -500, invoice_id="c2"),
        refunded(4, 1_000, "none", invoice_id="c1"),
        refund_failed(6),
        issued(3, 500),
        applied(7, 500),
    )
    left: defaultdict[str, int] = defaultdict(int)
    for row in machine.tables.values():
        if isinstance(row, CreditEntryRow):
            left[row.invoice_id] += row.amount_micros
    assert left == {"c1": 5 * DOLLAR, "c2": 5 * DOLLAR}


def test_credit_that_is_not_there_shows_below_zero_until_it_comes() -> None:
    """It was granted outside of what is reported, or its invoice is late."""
    machine = in_any_order(issued(1, 1_000), applied(2, 1_000), issued(5, -1_000, invoice_id="cr"))
    assert balances(machine, [2, 5]) == [-10, 0]


def test_more_credit_than_is_open_stays_with_the_customer() -> None:
    """Only what the invoice can take is used; the rest of the use is told by a flag."""
    machine = in_any_order(issued(1, 1_000), paid(2, 600), issued(2, -1_000, invoice_id="cr"), applied(3, 1_000))
    assert (balances(machine, [3]), balances(machine, [3], "open")) == ([6], [0])
    assert (
        "credit_above_open" in in_any_order(issued(1, 1_000), applied(3, 1_100)).tables["invoice", "acme", "I1"].flags
    )  # type: ignore[attr-defined]


def test_credit_that_is_given_back_is_gone() -> None:
    """A refund that names the credit invoice pays it out."""
    machine = in_any_order(issued(1, -1_000, invoice_id="cr"), refunded(3, 1_000, "none", invoice_id="cr"))
    assert (balances(machine, [1, 3]), balances(machine, [3], "given_back")) == ([10, 0], [0])


def test_a_void_after_credit_was_used_gives_the_credit_back() -> None:
    """What the customer's credit had settled is the customer's again."""
    machine = in_any_order(issued(1, -1_000, invoice_id="cr"), issued(2, 1_000), applied(3, 1_000), voided(5))
    assert balances(machine, [1, 3, 5]) == [10, 0, 10]
    assert balances(machine, [2, 3, 5], "open") == [10, 0, 0]


@pytest.mark.parametrize(("surplus", "other"), [("a", "z"), ("z", "a")])
def test_a_refund_takes_the_surplus_of_whichever_invoice_has_it(surplus: str, other: str) -> None:
    """One transfer of 200 pays 80 and 100; 20 given back leave nothing, whatever the invoices are called."""
    machine = in_any_order(
        issued(1, 8_000, invoice_id=surplus),
        issued(1, 10_000, invoice_id=other),
        paid(10, 10_000, invoice_id=surplus, payment_amount=20_000),
        paid(10, 10_000, invoice_id=other, payment_amount=20_000),
        refunded(20, 2_000),
    )
    assert balances(machine, [9, 10, 19, 20, 99]) == [0, 20, 20, 0, 0]


def test_a_refund_takes_the_surplus_of_both_invoices() -> None:
    """Both overpaid by 20 and 40 given back: nothing stays."""
    machine = in_any_order(
        issued(1, 8_000, invoice_id="a"),
        issued(1, 8_000, invoice_id="z"),
        paid(10, 10_000, invoice_id="a", payment_amount=20_000),
        paid(10, 10_000, invoice_id="z", payment_amount=20_000),
        refunded(20, 4_000),
    )
    assert balances(machine, [10, 20]) == [40, 0]


def test_a_refund_after_a_void_takes_what_the_void_left() -> None:
    """A void, 80 given back: 20 stay. And so they do where the refund came first."""
    both = [
        issued(1, 8_000, invoice_id="a"),
        issued(1, 10_000, invoice_id="z"),
        paid(10, 10_000, invoice_id="a", payment_amount=20_000),
        paid(10, 10_000, invoice_id="z", payment_amount=20_000),
    ]
    after = in_any_order(*both, voided(15, invoice_id="a"), refunded(20, 8_000))
    before = in_any_order(*both, refunded(13, 8_000), voided(15, invoice_id="a"))
    assert balances(after, [10, 15, 20]) == [20, 100, 20]
    assert balances(before, [10, 13, 15]) == [20, 0, 20]
    assert balances(before, [10, 13, 15], "given_back") == [0, 60, 0]


def test_a_refund_of_another_payment_leaves_credit_alone() -> None:
    """It gives back a sale; what the customer has with us came from elsewhere."""
    machine = in_any_order(
        issued(1, 10_000), paid(2, 15_000), issued(1, 9_000, invoice_id="I2"), paid(3, 9_000, "P2", invoice_id="I2"),
        refunded(5, 2_000, "P2"),
    )  # fmt: skip
    assert (balances(machine, [3, 5]), balances(machine, [5], "given_back")) == ([50, 50], [20])


def test_credit_that_was_used_cannot_be_refunded_again() -> None:
    """20 too much were used for the next invoice; 20 given back later are of what had settled an invoice."""
    machine = in_any_order(
        issued(1, 8_000),
        paid(2, 10_000),
        issued(3, 2_000, invoice_id="I2"),
        applied(4, 2_000, "I2"),
        refunded(6, 2_000),
    )
    assert balances(machine, [2, 4, 6]) == [20, 0, 0]
    assert balances(machine, [4, 6], "given_back") == [0, 20]


def test_a_refund_that_fails_leaves_everything_as_it_was() -> None:
    """The money is back: half of it as credit, half of it as payment."""
    machine = in_any_order(issued(1, 8_000), paid(2, 10_000), refunded(4, 4_000), refund_failed(6))
    assert balances(machine, [2, 4, 6]) == [20, 0, 20]
    assert balances(machine, [2, 4, 6], "paid") == [80, 60, 80]


@pytest.mark.parametrize(("outcome", "after"), [("WON", 80), ("WITHDRAWN", 80), ("LOST", 60), ("UNKNOWN", 60)])
def test_a_chargeback_takes_the_money_until_it_is_won_or_withdrawn(outcome: str, after: int) -> None:
    """It reopens nothing: what is claimed beyond the credit was of money that had settled the invoice."""
    machine = in_any_order(
        issued(1, 8_000),
        paid(2, 10_000),
        charged_back(4, 4_000),
        dispute_ended(6, outcome),
    )
    assert balances(machine, [2, 4, 6], "paid") == [80, 60, after]
    assert balances(machine, [2, 4, 6], "open") == [0, 0, 0]


def test_a_credit_note_on_what_was_paid_makes_the_money_the_customers() -> None:
    """No credit is granted: there is money behind it. Beyond the money it is."""
    of_money = in_any_order(issued(1, 10_000), paid(2, 10_000), credited(5, 3_000))
    assert (balances(of_money, [5]), balances(of_money, [5], "paid"), balances(of_money, [5], "granted")) == (
        [30],
        [70],
        [0],
    )
    beyond = in_any_order(issued(1, 10_000), paid(2, 4_000), credited(5, 12_000))
    assert (balances(beyond, [5]), balances(beyond, [5], "paid"), balances(beyond, [5], "granted")) == ([60], [0], [20])


def test_a_write_off_stays_one_where_a_later_payment_comes_back() -> None:
    """A return reopens what had been paid; whether that is lost too is for somebody to say."""
    machine = in_any_order(issued(1, 10_000), written_off(5), paid(7, 4_000), returned(9, 4_000))
    assert balances(machine, [5, 7, 9], "open") == [0, 0, 40]
    assert invoice(machine).written_off_micros == 60 * DOLLAR


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_taken_back_leaves_no_trace_in_the_books(place: int) -> None:
    """A return, a use or a receipt told in error is retracted to the last cent."""
    whole = [issued(1, 10_000), paid(2, 10_000)]
    wrong = [returned(3, 5_000), applied(3, 5_000), received(3, 5_000, "P9")][place]
    event = msgspec.structs.replace(
        wrong.event, event_id="ffffffff-ffff-4fff-8fff-ffffffffffff", corrects_event_id=wrong.event.event_id,
        is_retraction=True, entity_version=9,
    )  # fmt: skip
    machine = in_any_order(*whole, wrong, RecordedEvent(event, wrong.ingested_at))
    assert (balances(machine, [99]), balances(machine, [99], "open"), balances(machine, [99], "paid")) == (
        [0],
        [0],
        [100],
    )
    assert invoice(machine).flags == ()
