"""What is odd about an invoice. Nothing of it is refused, because no order is promised between sources: it is told."""

from collections.abc import Iterator

from streams.core.billing.invoice import Invoice, applied_sum, credited_sum, paid_sum, returned_sum, total
from streams.core.events import InvoiceIssued, InvoicePaymentFailed


def flags(invoice: Invoice) -> tuple[str, ...]:
    """Codes in alphabetical order."""
    issued = invoice.issued
    if issued is None:
        return ("not_issued",)
    return tuple(sorted({*_of_issue(invoice, issued), *_of_money(invoice, issued), *_of_end(invoice)}))


def _of_issue(invoice: Invoice, issued: InvoiceIssued) -> Iterator[str]:
    if len(invoice.issuers) > 1:
        yield "issued_twice"
    if any(event.paid_at < issued.issued_at for event in invoice.payments.values()):
        yield "paid_before_issue"
    spoken = {event.currency for event in invoice.payments.values()}
    spoken |= {event.currency for event in invoice.returns.values()}
    spoken |= {event.currency for event in invoice.applied.values()}
    spoken |= {event.currency for event in invoice.credits.values()}
    spoken |= {event.currency for event in invoice.write_offs if event.currency is not None}
    if spoken - {issued.currency}:
        yield "other_currency"


def _of_money(invoice: Invoice, issued: InvoiceIssued) -> Iterator[str]:
    asked, taken_back = max(total(issued), 0), credited_sum(invoice)
    if taken_back > asked:
        yield "credited_above_total"
    settled, kept = applied_sum(invoice) + taken_back, paid_sum(invoice) - returned_sum(invoice)
    if kept > max(asked - settled, 0) and invoice.voided is None:
        yield "overpaid"
    if invoice.applied and settled > asked:
        yield "credit_above_open"
    if invoice.returns:
        yield "returned_above_paid" if kept < 0 else "payment_returned"
    if any(_was_received(invoice, failed) for failed in invoice.failures.values()):
        yield "received_payment_failed"


def _was_received(invoice: Invoice, failed: InvoicePaymentFailed) -> bool:
    """Whether an attempt is said to have failed after the payment that it names was received."""
    paid = None if failed.payment_id is None else invoice.payments.get(failed.payment_id)
    return paid is not None and failed.occurred_at > paid.paid_at


def _of_end(invoice: Invoice) -> Iterator[str]:
    paid_at = [event.paid_at for event in invoice.payments.values()]
    if invoice.write_offs and max(paid_at, default=0) > min(event.occurred_at for event in invoice.write_offs):
        yield "paid_after_write_off"
    if invoice.voided is None:
        return
    ended = invoice.voided.occurred_at
    if any(at > ended for at in paid_at):
        yield "paid_after_void"
    if any(at <= ended for at in paid_at):
        yield "voided_after_payment"
    if any(event.occurred_at > ended for event in (*invoice.credits.values(), *invoice.write_offs)):
        yield "changed_after_void"
