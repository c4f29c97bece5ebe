"""Flags of odd invoices. None is refused, because no order is promised between sources."""

from collections.abc import Iterator

from streams.core.billing.invoice import Invoice, applied_sum
from streams.core.billing.money import total
from streams.core.events import InvoiceIssued


def flags(invoice: Invoice) -> tuple[str, ...]:
    """Codes in alphabetical order, but for what its payments tell (streams.core.billing.collection)."""
    issued = invoice.issued
    if issued is None:
        return ("not_issued",)
    return tuple(sorted({*_of_issue(invoice, issued), *_of_money(invoice, issued), *_of_end(invoice)}))


def _of_issue(invoice: Invoice, issued: InvoiceIssued) -> Iterator[str]:
    if len(invoice.issuers) > 1:
        yield "issued_twice"
    first = invoice.sums.first_paid_at
    if first is not None and first < issued.issued_at:
        yield "paid_before_issue"
    if invoice.sums.has_other_currency:
        yield "other_currency"


def _of_money(invoice: Invoice, issued: InvoiceIssued) -> Iterator[str]:
    sums = invoice.sums
    asked, credited = max(total(issued), 0), int(sums.credited)
    if credited > asked:
        yield "credited_above_total"
    settled, kept = applied_sum(invoice) + credited, int(sums.paid) - int(sums.returned)
    if kept > max(asked - settled, 0) and invoice.voided_at is None:
        yield "overpaid"
    if sums.has_uses and settled > asked:
        yield "credit_above_open"
    if sums.has_returns:
        yield "returned_above_paid" if kept < 0 else "payment_returned"


def _of_end(invoice: Invoice) -> Iterator[str]:
    sums, ended = invoice.sums, invoice.voided_at
    first, last = sums.first_paid_at, sums.last_paid_at
    if sums.first_lost_at is not None and (last or 0) > sums.first_lost_at:
        yield "paid_after_write_off"
    if ended is None:
        return
    if last is not None and last > ended:
        yield "paid_after_void"
    if first is not None and first <= ended:
        yield "voided_after_payment"
    if sums.last_lowered_at is not None and sums.last_lowered_at > ended:
        yield "changed_after_void"
