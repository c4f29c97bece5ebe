"""Attempts to collect an invoice: the first one, the first that failed, and what came of dunning."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.core.billing.invoice import Invoice
from streams.core.billing.money import micros
from streams.core.events import InvoicePaid, InvoicePaymentFailed, PaymentReturned


class Attempt(NamedTuple):
    """An attempt in order of time; `amount` in micros. A payment that came back as a whole did not succeed."""

    at: int
    attempt_no: int
    attempt_id: str
    currency: str
    amount: int
    is_failed: bool


def first_attempt(invoice: Invoice) -> Attempt | None:
    """Return the earliest attempt; a return is a failure that came late, and never the first attempt."""
    first = min((*_failures(invoice), *_payments(invoice)) if invoice.failures else _payments(invoice), default=None)
    if first is None or first.is_failed or not invoice.returns:
        return first
    paid = invoice.payments[first.attempt_id.removeprefix("paid:")]
    return first._replace(is_failed=_came_back(invoice, paid) >= first.amount)


def first_failure(invoice: Invoice) -> Attempt | None:
    """Return the earliest attempt that failed, whether at once or because the bank took the payment back."""
    if not invoice.failures and not invoice.returns:
        return None
    return min((*_failures(invoice), *_returns(invoice)))


def recovered(invoice: Invoice, failure: Attempt) -> int:
    """Return what was paid since the failure and did not come back, micros; it may be more than what failed."""
    total = sum(
        micros(paid.amount, paid.exponent)
        for paid in invoice.payments.values()
        if paid.paid_at >= failure.at and paid.currency == failure.currency
    )
    for back in invoice.returns.values():
        paid = invoice.payments.get(back.payment_id)
        if paid is not None and paid.paid_at >= failure.at and back.currency == failure.currency:
            total -= micros(back.amount, back.exponent)
    return total


def is_collected(invoice: Invoice) -> bool:
    """Return whether its first attempt counts in the payment failure rate: recurring, and charged by the source."""
    issued = invoice.issued
    return (
        issued is not None
        and issued.billing_reason != "TRIAL_END"
        and issued.collection_method != "SEND_INVOICE"
        and is_recurring(invoice)
    )


_OF_SUBSCRIPTIONS = frozenset({"SUBSCRIPTION_START", "TRIAL_END", "RENEWAL", "CHANGE"})


def is_recurring(invoice: Invoice) -> bool:
    """Return whether a subscription is billed; where no line says so, the reason does."""
    issued = invoice.issued
    if issued is None:
        return False
    if issued.lines:
        return any(line.kind == "SUBSCRIPTION" or line.subscription_id is not None for line in issued.lines)
    return issued.billing_reason in _OF_SUBSCRIPTIONS


def _came_back(invoice: Invoice, paid: InvoicePaid) -> int:
    """Micros that came back of a payment, in its currency."""
    return sum(
        micros(back.amount, back.exponent)
        for back in invoice.returns.values()
        if back.payment_id == paid.payment_id and back.currency == paid.currency
    )


def _failures(invoice: Invoice) -> Iterator[Attempt]:
    for name, event in invoice.failures.items():
        yield _attempt(f"failed:{name}", event.occurred_at, event.attempt_no, event, is_failed=True)


def _payments(invoice: Invoice) -> Iterator[Attempt]:
    for name, event in invoice.payments.items():
        yield _attempt(f"paid:{name}", event.paid_at, event.attempt_no, event, is_failed=False)


def _returns(invoice: Invoice) -> Iterator[Attempt]:
    for name, event in invoice.returns.items():
        paid = invoice.payments.get(event.payment_id)
        number = 1 if paid is None else paid.attempt_no
        yield _attempt(f"returned:{name}", event.returned_at, number, event, is_failed=True)


def _attempt(
    name: str, at: int, number: int, event: InvoicePaid | InvoicePaymentFailed | PaymentReturned, *, is_failed: bool
) -> Attempt:
    return Attempt(at, number, name, event.currency, micros(event.amount, event.exponent), is_failed)
