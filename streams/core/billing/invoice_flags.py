"""What is odd about an invoice. Nothing of it is refused, because no order is promised between sources: it is told."""

from collections.abc import Iterator

from streams.core.billing.invoice import Invoice, credited_sum, paid_sum, total
from streams.core.billing.money import micros
from streams.core.events import InvoiceIssued


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
    spoken |= {event.currency for event in invoice.credits.values()}
    spoken |= {event.currency for event in invoice.write_offs if event.currency is not None}
    if spoken - {issued.currency}:
        yield "other_currency"


def _of_money(invoice: Invoice, issued: InvoiceIssued) -> Iterator[str]:
    asked, taken_back = max(total(issued), 0), credited_sum(invoice)
    if taken_back > asked:
        yield "credited_above_total"
    settled = micros(issued.credit_applied, issued.exponent) + taken_back
    if paid_sum(invoice) > max(asked - settled, 0) and invoice.voided is None:
        yield "overpaid"


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
