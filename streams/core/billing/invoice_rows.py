"""Rows of an invoice: itself, its lines, due dates and postings."""

from collections.abc import Iterator

from streams.core.billing import credit, signs
from streams.core.billing.collection import InvoiceSays
from streams.core.billing.credit import LEFT, USED, Move
from streams.core.billing.invoice import Due, Invoice, applied_sum, open_amount
from streams.core.billing.invoice_flags import flags
from streams.core.billing.measures import of_money
from streams.core.billing.money import micros, total, within
from streams.core.billing.receivable import PUBLISHED, Books, Entry
from streams.core.events import InvoiceIssued
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs
from streams.core.rows_receivable import InvoiceDueRow, InvoiceLineRow, MoneyEntryRow, ReceivableEntryRow

_MANY = 2**16 - 1


def summary(invoice: Invoice, made: Books) -> InvoiceSays:
    """Return the invoice's row; `made` are its books with all that waits posted."""
    issued, sums, ended = invoice.issued, invoice.sums, invoice.ended
    assert invoice.last is not None
    _, occurred_at, event_id, source = invoice.last
    return InvoiceSays(
        invoice.account_id,
        invoice.invoice_id,
        (issued.number or "") if issued else "",
        _status(invoice, made),
        issued.currency if issued else "",
        issued.issued_at if issued else None,
        invoice.due.due_at if invoice.due else None,
        made.closed_at if issued else None,
        total(issued) if issued else 0,
        invoice.tax,
        within(applied_sum(invoice)),
        within(int(sums.paid)),
        within(int(sums.returned)),
        within(int(sums.credited)),
        within(made.lost),
        within(open_amount(invoice, made.used, made.lost)),
        min(sums.payments, _MANY),
        sums.last_paid_at,
        min(sums.failures, _MANY),
        sums.first_failed_at,
        ended.outcome if ended else "",
        ended.at if ended else None,
        issued.collection_method if issued else "",
        issued.billing_reason if issued else "",
        invoice.is_recurring,
        flags(invoice),
        invoice.is_test,
        issued.source if issued else source,
        event_id,
        occurred_at,
        invoice.ingested_at,
    )


def _status(invoice: Invoice, made: Books) -> str:
    """Return incomplete, void, credit, open, written_off, credited or paid."""
    issued, sums = invoice.issued, invoice.sums
    if issued is None:
        return "incomplete"
    if invoice.voided_at is not None:
        return "void"
    if issued.total < 0:
        return "credit"
    if made.open > 0:
        return "open"
    if made.lost > 0:
        return "written_off"
    return "credited" if not sums.paid and sums.credited else "paid"


def tax(issued: InvoiceIssued) -> int:
    """Return the tax that lines tell of, micros."""
    return within(sum(micros(line.tax, issued.exponent) for line in issued.lines))


def lines(issued: InvoiceIssued, is_test: bool) -> Iterator[InvoiceLineRow]:
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
            is_test,
            line.project_id or "",
        )


def due_row(invoice: Invoice, due: Due, issued_at: int) -> InvoiceDueRow:
    return InvoiceDueRow(
        invoice.account_id,
        invoice.invoice_id,
        due.valid_from,
        due.due_at,
        issued_at,
        due.event_id,
        invoice.is_test,
    )


def tell(invoice: Invoice, made: Books, outputs: Outputs | None) -> None:
    """Take what was posted out of the books: into rows, measures and facts, and to the account's credit."""
    if outputs is not None:
        issued = invoice.issued
        on_credit = issued is not None and issued.collection_method != "CHARGE_AUTOMATICALLY"
        for entry in made.entries:
            place = (
                *(invoice.account_id, invoice.invoice_id),
                *(entry.name, entry.at, entry.kind, entry.book, entry.currency, entry.amount),
            )
            if entry.book in PUBLISHED:
                outputs.rows.append(
                    ReceivableEntryRow(*place, on_credit, invoice.is_test, entry.event_id, entry.ingested_at)
                )
                if entry.book == "receivable" and not invoice.is_test:
                    key = ("receivable", f"{entry.currency}/{entry.name}", entry.at, "")
                    outputs.measures[key] = of_money(entry.amount)
                    hand_over((signs.receivable(invoice, entry),), outputs)
            else:
                outputs.rows.append(MoneyEntryRow(*place, invoice.is_test, entry.event_id, entry.ingested_at))
            if entry.book == "customer_credit":
                credit.hand_over(_move(invoice, entry), outputs)
    made.entries = []


def _move(invoice: Invoice, entry: Entry) -> Move:
    """An invoice leaves credit where more came in than it asked for, and uses what others left."""
    rank, amount, lot = LEFT, entry.amount, (invoice.invoice_id, "")
    if entry.kind == "credit_applied":
        rank, amount, lot = USED, -entry.amount, entry.lot
    return Move(
        entry.at, rank, entry.kind, f"b{invoice.invoice_id}", entry.name, invoice.is_test, entry.currency, amount,
        *lot, entry.event_id, entry.ingested_at,
    )  # fmt: skip
