"""What was paid for an invoice, and every attempt to collect it, in rows."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from streams.core.billing.invoice import Invoice
from streams.core.billing.money import micros
from streams.core.events import InvoicePaid, InvoicePaymentFailed
from streams.core.rows import PaymentAttemptRow, PaymentRow

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
            event.method or "",
            event.attempt_no,
            event.is_partial,
            invoice.is_test,
            event.source,
            event.event_id,
            invoice.stored[event.event_id],
        )


def attempts(invoice: Invoice) -> Iterator[PaymentAttemptRow]:
    """A row for each attempt; the earliest one says so, since sources number attempts or do not."""
    tried = [_failed(name, event, invoice.is_test) for name, event in invoice.failures.items()]
    tried += [_succeeded(event, invoice.is_test) for event in invoice.payments.values()]
    if tried:
        first = min(range(len(tried)), key=lambda place: _EARLIEST(tried[place]))
        tried[first] = msgspec.structs.replace(tried[first], is_first=True)
    yield from tried


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


def _succeeded(event: InvoicePaid, is_test: bool) -> PaymentAttemptRow:
    return PaymentAttemptRow(
        event.account_id,
        event.invoice_id,
        f"paid:{event.payment_id}",
        "succeeded",
        event.paid_at,
        event.attempt_no,
        False,
        event.currency,
        micros(event.amount, event.exponent),
        event.payment_id,
        "",
        "",
        None,
        is_test,
        event.event_id,
    )
