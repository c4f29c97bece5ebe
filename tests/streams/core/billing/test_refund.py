"""Refunds and disputes: what their rows say, whichever event is told first."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from streams.core.algebra import RecordedEvent
from streams.core.columns import Row
from streams.core.events import DisputeClosed, DisputeOpened, Event, PaymentRefunded, RefundFailed
from streams.core.rows_refund import DisputeRow, RefundRow
from tests.support.histories import HOUR, START
from tests.support.machine import figures, run


def envelope(number: int, at: int, source: str = "stripe:main") -> dict[str, Any]:
    event_id = f"00000000-0000-4000-8000-{number:012d}"
    return {"event_id": event_id, "account_id": "acme", "occurred_at": at, "source": source}


REFUNDED = PaymentRefunded(
    **envelope(1, START),
    refund_id="f1",
    payment_id="p1",
    amount=1_250,
    currency="USD",
    exponent=2,
    refunded_at=START,
    requested_at=START - 48 * HOUR,
)
FAILED = RefundFailed(**envelope(2, START + HOUR), refund_id="f1", failure_code="account_closed")
OPENED = DisputeOpened(
    **envelope(3, START),
    dispute_id="d1",
    payment_id="p1",
    amount=30_000,
    currency="KRW",
    exponent=0,
    fee=15,
)
CLOSED = DisputeClosed(**envelope(4, START + HOUR), dispute_id="d1", outcome="LOST")


def rows_of(*events: Event) -> list[Row]:
    found = [figures(run([RecordedEvent(each, START + 90 * HOUR) for each in order])) for order in permutations(events)]
    assert all(tables == found[0] for tables in found)
    return list(found[0].values())


def refund(*events: Event) -> RefundRow:
    (row,) = (row for row in rows_of(*events) if isinstance(row, RefundRow))
    return row


def dispute(*events: Event) -> DisputeRow:
    (row,) = (row for row in rows_of(*events) if isinstance(row, DisputeRow))
    return row


def test_a_refund_is_millionths_of_its_currency() -> None:
    """12.50 dollars must not become 12,500,000 dollars, nor 0.125."""
    row = refund(REFUNDED)
    assert (row.status, row.amount_micros, row.currency) == ("refunded", 12_500_000, "USD")
    assert (row.requested_at, row.refunded_at, row.failed_at) == (START - 48 * HOUR, START, None)
    assert row.flags == ()


@pytest.mark.parametrize("version", [None, 0, 9])
def test_a_failure_stands_whichever_was_told_first(version: int | None) -> None:
    """A source that repeats the refund after its failure has not paid it out again."""
    again = PaymentRefunded(
        **envelope(5, START + 2 * HOUR) | {"entity_version": version},
        refund_id="f1",
        payment_id="p1",
        amount=1_250,
        currency="USD",
        exponent=2,
        refunded_at=START,
    )
    row = refund(REFUNDED, FAILED, again)
    assert (row.status, row.failed_at, row.failure_code) == ("failed", START + HOUR, "account_closed")


def test_a_failure_alone_is_incomplete() -> None:
    """Its amount is not known yet: a row of nothing that metrics can leave out, not a guess."""
    row = refund(FAILED)
    assert (row.status, row.amount_micros, row.currency, row.refunded_at) == ("incomplete", 0, "", None)


def test_what_is_odd_about_a_refund_is_flagged() -> None:
    """Turnaround below zero and money given back twice over are for somebody to look at."""
    odd: dict[str, Any] = {"refund_id": "f1", "payment_id": "p1", "amount": 1, "currency": "USD", "exponent": 2}
    late = START + 5 * HOUR
    other = PaymentRefunded(**envelope(6, late, "paypal:main"), **odd, refunded_at=late, requested_at=late + HOUR)
    assert refund(REFUNDED, FAILED, other).flags == ("failed_before_refund", "requested_after_refund", "two_sources")


def test_a_dispute_of_a_payment_is_a_chargeback() -> None:
    """Chargebacks are counted apart from customers who do not accept an invoice."""
    row = dispute(OPENED)
    assert (row.is_chargeback, row.status, row.closed_at) == (True, "open", None)
    assert (row.amount_micros, row.fee_micros, row.currency) == (30_000_000_000, 15_000_000, "KRW")


def test_a_dispute_ends_as_it_was_closed() -> None:
    """Only a lost one costs money."""
    row = dispute(OPENED, CLOSED)
    assert (row.status, row.opened_at, row.closed_at, row.flags) == ("lost", START, START + HOUR, ())


@pytest.mark.parametrize("outcome", ["WON", "LOST", "WITHDRAWN", "UNKNOWN"])
def test_an_outcome_that_nobody_knows_is_flagged(outcome: Any) -> None:
    """Whether the money came back is not guessed; somebody has to ask."""
    row = dispute(OPENED, msgspec.structs.replace(CLOSED, outcome=outcome))
    assert (row.status, row.flags) == (outcome.lower(), ("unknown_outcome",) if outcome == "UNKNOWN" else ())


def test_a_dispute_closed_before_it_was_opened_is_flagged() -> None:
    """One of the two clocks is wrong; which, nobody can tell from here."""
    early = DisputeClosed(**envelope(7, START - HOUR), dispute_id="d1", outcome="WON")
    assert dispute(OPENED, early).flags == ("closed_before_opened",)
    assert dispute(early).status == "incomplete"
