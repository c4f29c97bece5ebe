"""What an invoice says in rows: itself, its lines, due dates, postings, payments and attempts."""

from collections.abc import Iterator, Sequence

from streams.core.billing.dunning import is_recurring
from streams.core.billing.invoice import (
    Invoice,
    applied_sum,
    credited_sum,
    open_amount,
    paid_sum,
    returned_sum,
    total,
)
from streams.core.billing.invoice_flags import flags
from streams.core.billing.money import micros
from streams.core.billing.payment_rows import attempts, payments, returns
from streams.core.billing.receivable import PUBLISHED, Books, books
from streams.core.events import InvoiceIssued
from streams.core.rows import (
    InvoiceDueRow,
    InvoiceLineRow,
    InvoiceRow,
    MoneyEntryRow,
    ReceivableEntryRow,
    Row,
)
from streams.core.rules import Rules

_MOST = 2**63 - 1
_MANY = 2**16 - 1


def rows(invoice: Invoice | None, _rules: Rules, _passed: int) -> Sequence[Row]:
    """Every row of one invoice; one whose issue is not known has no lines, due dates or receivable.

    Where every event was retracted, nothing is left.
    """
    if invoice is None or not invoice.stored:
        return ()
    made = books(invoice)
    written: list[Row] = [_invoice(invoice, made)]
    if invoice.issued is not None:
        written.extend(_lines(invoice, invoice.issued))
        written.extend(_due(invoice, invoice.issued))
    written.extend(_entries(invoice, made))
    written.extend(payments(invoice))
    written.extend(returns(invoice))
    written.extend(attempts(invoice))
    return written


def _held(amount: int) -> int:
    """An amount as a column can hold it: sums of absurd amounts end at the bound instead of stopping a partition."""
    return max(-_MOST, min(amount, _MOST))


def _invoice(invoice: Invoice, made: Books) -> InvoiceRow:
    last, issued = invoice.last, invoice.issued
    failed = [event.occurred_at for event in invoice.failures.values()]
    due = due_history(invoice, issued) if issued is not None else {}
    return InvoiceRow(
        account_id=last.account_id,
        invoice_id=invoice.invoice_id,
        number=(issued.number or "") if issued else "",
        status=status(invoice, made),
        currency=issued.currency if issued else "",
        issued_at=issued.issued_at if issued else None,
        due_at=due[max(due)][0] if due else None,
        closed_at=made.closed_at if issued else None,
        total_micros=total(issued) if issued else 0,
        tax_micros=_held(sum(micros(line.tax, issued.exponent) for line in issued.lines)) if issued else 0,
        credit_applied_micros=_held(applied_sum(invoice)),
        paid_micros=_held(paid_sum(invoice)),
        returned_micros=_held(returned_sum(invoice)),
        credited_micros=_held(credited_sum(invoice)),
        written_off_micros=made.lost,
        open_micros=open_amount(invoice, made.used, made.lost),
        payments=min(len(invoice.payments), _MANY),
        last_paid_at=max((event.paid_at for event in invoice.payments.values()), default=None),
        failed_attempts=min(len(failed), _MANY),
        first_failed_at=min(failed, default=None),
        dunning_outcome=invoice.dunning.outcome if invoice.dunning else "",
        dunning_ended_at=invoice.dunning.occurred_at if invoice.dunning else None,
        collection_method=issued.collection_method if issued else "",
        billing_reason=issued.billing_reason if issued else "",
        is_recurring=is_recurring(invoice),
        flags=flags(invoice),
        is_test=invoice.is_test,
        source=issued.source if issued else last.source,
        event_id=last.event_id,
        occurred_at=last.occurred_at,
        ingested_at=max(invoice.stored.values()),
    )


def status(invoice: Invoice, made: Books) -> str:
    """Return incomplete, void, credit, open, written_off, credited or paid."""
    issued = invoice.issued
    if issued is None:
        return "incomplete"
    if invoice.voided is not None:
        return "void"
    if issued.total < 0:
        return "credit"
    if made.open > 0:
        return "open"
    if made.lost > 0:
        return "written_off"
    return "credited" if not paid_sum(invoice) and credited_sum(invoice) else "paid"


def _lines(invoice: Invoice, issued: InvoiceIssued) -> Iterator[InvoiceLineRow]:
    for line in issued.lines:
        yield InvoiceLineRow(
            issued.account_id,
            issued.invoice_id,
            line.line_id,
            line.kind,
            line.subscription_id or "",
            line.item_id or "",
            issued.currency,
            micros(line.amount, issued.exponent),
            micros(line.tax, issued.exponent),
            micros(line.discount, issued.exponent),
            line.period_start,
            line.period_end,
            line.is_proration,
            issued.issued_at,
            invoice.is_test,
        )


def due_history(invoice: Invoice, issued: InvoiceIssued) -> dict[int, tuple[int | None, str]]:
    """(due date, event) by the moment from which it holds; a change older than the issue holds from the issue on."""
    history: dict[int, tuple[int | None, str]] = {issued.issued_at: (issued.due_at, issued.event_id)}
    for change in invoice.due_changes:
        history[max(change.occurred_at, issued.issued_at)] = (change.due_at, change.event_id)
    return history


def _due(invoice: Invoice, issued: InvoiceIssued) -> Iterator[InvoiceDueRow]:
    account_id, invoice_id, issued_at = issued.account_id, issued.invoice_id, issued.issued_at
    for valid_from, (due_at, event_id) in due_history(invoice, issued).items():
        yield InvoiceDueRow(account_id, invoice_id, valid_from, due_at, issued_at, event_id, invoice.is_test)


def _entries(invoice: Invoice, made: Books) -> Iterator[ReceivableEntryRow | MoneyEntryRow]:
    issued = invoice.issued
    on_credit = issued is not None and issued.collection_method != "CHARGE_AUTOMATICALLY"
    account_id, invoice_id, is_test = invoice.last.account_id, invoice.invoice_id, invoice.is_test
    for entry in made.entries:
        place = (account_id, invoice_id, entry.name, entry.at, entry.kind, entry.book, entry.currency)
        amount, stored = _held(entry.amount), invoice.stored[entry.event_id]
        if entry.book in PUBLISHED:
            yield ReceivableEntryRow(*place, amount, on_credit, is_test, entry.event_id, stored)
        else:
            yield MoneyEntryRow(*place, amount, is_test, entry.event_id, stored)
