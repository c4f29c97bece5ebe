"""What was paid for an invoice, what came back of it, and every attempt to collect it, in rows."""

from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from streams.core.billing.invoice import Invoice, used_at
from streams.core.billing.money import micros
from streams.core.events import InvoicePaid, InvoicePaymentFailed, PaymentReturned
from streams.core.rows import PaymentAttemptRow, PaymentReturnRow, PaymentRow

_EARLIEST = attrgetter("at", "attempt_no", "attempt_id")


def payments(invoice: Invoice) -> Iterator[PaymentRow]:
    """A row for each payment that names the invoice."""
    for event in invoice.payments.values():
        whole = event.payment_amount
        yield PaymentRow(
            event.account_id,
            event.payment_id,
            event.invoice_id,
            event.currency,
            micros(event.amount, event.exponent),
            None if whole is None else micros(whole, event.exponent),
            event.paid_at,
            used_at(event, invoice.issued),
            event.method or "",
            event.attempt_no,
            event.is_partial,
            invoice.is_test,
            event.source,
            event.event_id,
            invoice.stored[event.event_id],
        )


def returns(invoice: Invoice) -> Iterator[PaymentReturnRow]:
    """A row for each return that names the invoice."""
    for event in invoice.returns.values():
        yield return_row(event, invoice.is_test, invoice.stored[event.event_id])


def return_row(event: PaymentReturned, is_test: bool, ingested_at: int) -> PaymentReturnRow:
    return PaymentReturnRow(
        event.account_id,
        event.return_id,
        event.invoice_id or "",
        event.payment_id,
        micros(event.amount, event.exponent),
        event.currency,
        event.returned_at,
        event.return_code or "",
        is_test,
        event.source,
        event.event_id,
        ingested_at,
    )


def attempts(invoice: Invoice) -> Iterator[PaymentAttemptRow]:
    """A row for each attempt; the earliest one says so, since sources number attempts or do not.

    A return is a failure that came late: it has a row of its own, and a payment that came back as a whole did not
    succeed.
    """
    tried = [_failed(name, event, invoice.is_test) for name, event in invoice.failures.items()]
    back = _back(invoice)
    tried += [_succeeded(event, invoice.is_test, back[event.payment_id]) for event in invoice.payments.values()]
    if tried:
        first = min(range(len(tried)), key=lambda place: _EARLIEST(tried[place]))
        tried[first] = msgspec.structs.replace(tried[first], is_first=True)
    yield from tried
    for name, event in invoice.returns.items():
        paid = invoice.payments.get(event.payment_id)
        yield _came_back(name, event, invoice.is_test, 1 if paid is None else paid.attempt_no)


def _back(invoice: Invoice) -> defaultdict[str, int]:
    """Micros that came back of each payment, in its currency."""
    back: defaultdict[str, int] = defaultdict(int)
    for event in invoice.returns.values():
        paid = invoice.payments.get(event.payment_id)
        if paid is not None and paid.currency == event.currency:
            back[event.payment_id] += micros(event.amount, event.exponent)
    return back


def _failed(name: str, event: InvoicePaymentFailed, is_test: bool) -> PaymentAttemptRow:
    return PaymentAttemptRow(
        event.account_id,
        event.invoice_id,
        f"failed:{name}",
        "failed",
        event.occurred_at,
        event.attempt_no,
        False,
        event.currency,
        micros(event.amount, event.exponent),
        event.payment_id or "",
        event.failure_code or "",
        event.failure_kind,
        event.next_retry_at,
        is_test,
        event.event_id,
    )


def _succeeded(event: InvoicePaid, is_test: bool, back: int) -> PaymentAttemptRow:
    amount = micros(event.amount, event.exponent)
    return PaymentAttemptRow(
        event.account_id,
        event.invoice_id,
        f"paid:{event.payment_id}",
        "succeeded" if back < amount else "returned",
        event.paid_at,
        event.attempt_no,
        False,
        event.currency,
        amount,
        event.payment_id,
        "",
        "",
        None,
        is_test,
        event.event_id,
    )


def _came_back(name: str, event: PaymentReturned, is_test: bool, attempt_no: int) -> PaymentAttemptRow:
    return PaymentAttemptRow(
        event.account_id,
        event.invoice_id or "",
        f"returned:{name}",
        "failed",
        event.returned_at,
        attempt_no,
        False,
        event.currency,
        micros(event.amount, event.exponent),
        event.payment_id,
        event.return_code or "",
        "UNKNOWN",
        None,
        is_test,
        event.event_id,
    )
