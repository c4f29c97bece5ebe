"""Events of money beyond invoices, for tests: short to write, in cents, on days of 2026."""

from typing import Any

from streams.core.algebra import Note
from streams.core.events import (
    CreditApplied,
    DisputeClosed,
    DisputeOpened,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    RefundFailed,
)
from tests.support.invoices import day, noted


def _told(kind: type[Any], at: float, amount: int | None = None, **fields: Any) -> Note:
    money = {} if amount is None else {"amount": amount, "currency": "USD", "exponent": 2}
    return noted(kind, at, **(money | fields))


def received(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> Note:
    return _told(PaymentReceived, at, amount, **({"payment_id": payment_id, "received_at": day(at)} | fields))


def returned(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> Note:
    named = {"invoice_id": "I1", "return_id": "X1", "payment_id": payment_id, "returned_at": day(at)}
    return _told(PaymentReturned, at, amount, **(named | fields))


def refunded(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> Note:
    named = {"invoice_id": None, "refund_id": "R1", "payment_id": payment_id, "refunded_at": day(at)}
    return _told(PaymentRefunded, at, amount, **(named | fields))


def refund_failed(at: float, **fields: Any) -> Note:
    return _told(RefundFailed, at, **({"refund_id": "R1"} | fields))


def applied(at: float, amount: int, invoice_id: str = "I1", **fields: Any) -> Note:
    named = {"application_id": "U1", "invoice_id": invoice_id, "applied_at": day(at)}
    return _told(CreditApplied, at, amount, **(named | fields))


def charged_back(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> Note:
    named = {"invoice_id": None, "dispute_id": "D1", "payment_id": payment_id}
    return _told(DisputeOpened, at, amount, **(named | fields))


def dispute_ended(at: float, outcome: str) -> Note:
    return _told(DisputeClosed, at, dispute_id="D1", outcome=outcome)
