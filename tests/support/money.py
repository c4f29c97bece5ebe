"""Events of money beyond invoices, for tests: short to write, in cents, on days of 2026; and dense histories."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    CreditApplied,
    CreditNoteIssued,
    DisputeClosed,
    DisputeOpened,
    Event,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    RefundFailed,
)
from tests.support.invoices import day, histories_over, noted


def _told(kind: type[Any], at: float, amount: int | None = None, **fields: Any) -> RecordedEvent:
    money = {} if amount is None else {"amount": amount, "currency": "USD", "exponent": 2}
    return noted(kind, at, **(money | fields))


def received(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> RecordedEvent:
    return _told(PaymentReceived, at, amount, **({"payment_id": payment_id, "received_at": day(at)} | fields))


def returned(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> RecordedEvent:
    named = {"invoice_id": "I1", "return_id": "X1", "payment_id": payment_id, "returned_at": day(at)}
    return _told(PaymentReturned, at, amount, **(named | fields))


def refunded(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> RecordedEvent:
    named = {"invoice_id": None, "refund_id": "R1", "payment_id": payment_id, "refunded_at": day(at)}
    return _told(PaymentRefunded, at, amount, **(named | fields))


def refund_failed(at: float, **fields: Any) -> RecordedEvent:
    return _told(RefundFailed, at, **({"refund_id": "R1"} | fields))


def applied(at: float, amount: int, invoice_id: str = "I1", **fields: Any) -> RecordedEvent:
    named = {"application_id": "U1", "invoice_id": invoice_id, "applied_at": day(at)}
    return _told(CreditApplied, at, amount, **(named | fields))


def charged_back(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> RecordedEvent:
    named = {"invoice_id": None, "dispute_id": "D1", "payment_id": payment_id}
    return _told(DisputeOpened, at, amount, **(named | fields))


def dispute_ended(at: float, outcome: str) -> RecordedEvent:
    return _told(DisputeClosed, at, dispute_id="D1", outcome=outcome)


_ENVELOPE: dict[str, Any] = {
    "event_id": st.just(""),
    "account_id": st.just("acme"),
    "occurred_at": st.integers(1, 20).map(day),
    "source": st.just("billing:main"),
    "is_test": st.sampled_from([False] * 9 + [True]),
}
_AT = st.integers(1, 20).map(day)
_VALUES: dict[str, Any] = {
    "amount": st.sampled_from([20, 30, 50, 100, 120]),
    "total": st.sampled_from([100, 100, 80, -50]),
    "credit_applied": st.sampled_from([0, 0, 0, 30]),
    "payment_amount": st.sampled_from([None, None, 120, 150]),
    "currency": st.sampled_from(["USD"] * 9 + ["KRW"]),
    "exponent": st.just(2),
    "invoice_id": st.sampled_from(["I1", "I2"]),
    "payment_id": st.sampled_from(["P1", "P2"]),
    "credit_invoice_id": st.sampled_from([None, "I1", "I2"]),
    "credit_note_id": st.sampled_from(["C1", "C2"]),
    "application_id": st.sampled_from(["U1", "U2"]),
    "return_id": st.sampled_from(["X1", "X2"]),
    "refund_id": st.sampled_from(["R1", "R1", "R1", "R2"]),
    "dispute_id": st.just("D1"),
    "due_at": st.none() | _AT,
    "requested_at": st.none() | _AT,
    "outcome": st.sampled_from(["WON", "LOST", "WITHDRAWN", "UNKNOWN"]),
    **dict.fromkeys(("issued_at", "paid_at", "received_at", "returned_at", "applied_at", "refunded_at"), _AT),
}
_MAY_BE_ABSENT = {PaymentReturned: "invoice_id", PaymentRefunded: "invoice_id", CreditApplied: "payment_id"}


def _events(kind: type[Any], values: Mapping[str, Any]) -> st.SearchStrategy[Event]:
    """Events of a type, of which every field that has values is drawn from these."""
    fields = {name: each for name, each in (_ENVELOPE | values).items() if name in kind.__struct_fields__}
    absent = _MAY_BE_ABSENT.get(kind)
    if absent is not None:
        fields[absent] = st.none() | fields[absent]
    if kind is InvoiceWrittenOff:
        fields = _ENVELOPE | {"invoice_id": fields["invoice_id"]}
    return st.builds(kind, **fields)


_KINDS: Iterable[type[Any]] = (
    *(InvoiceIssued, InvoiceIssued, InvoiceIssued, InvoicePaid, InvoicePaid, InvoicePaid, InvoiceVoided),
    *(InvoiceWrittenOff, CreditNoteIssued, CreditApplied, PaymentReceived, PaymentReturned, PaymentReturned),
    *(PaymentRefunded, PaymentRefunded, PaymentRefunded, RefundFailed, RefundFailed, DisputeOpened, DisputeClosed),
)


def money_histories(
    max_size: int = 14, kinds: Iterable[type[Any]] = _KINDS, **narrower: Any
) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of two invoices, two payments and what may become of them: few amounts and days, so that all meet.

    Fields that are named are drawn from what is given for them.
    """
    values = _VALUES | narrower
    return histories_over(st.sampled_from(tuple(kinds)).flatmap(lambda kind: _events(kind, values)), max_size)
