"""The invoice: issued, paid, not paid, credited, written off, voided, put off; and what its events say together.

Events of an invoice come from several sources in any order, so nothing here depends on which came first: each kind of
fact is kept by its own identity, and the newest in fold order stands.
"""

from collections.abc import Collection, Container, Sequence
from typing import Any, assert_never

import msgspec

from streams.core.algebra import Note, effective
from streams.core.billing.money import micros
from streams.core.events import (
    CreditApplied,
    CreditNoteIssued,
    DueDateChanged,
    DunningEnded,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentReturned,
)

InvoiceEvent = (
    InvoiceIssued
    | InvoicePaid
    | InvoicePaymentFailed
    | DunningEnded
    | InvoiceVoided
    | InvoiceWrittenOff
    | CreditNoteIssued
    | DueDateChanged
    | PaymentReturned
    | CreditApplied
)


class Invoice(msgspec.Struct, gc=False):
    """An invoice as its standing events say; local to one fold, so it may be filled step by step.

    Payments are kept by payment, credit notes by credit note, uses of credit by application, failed attempts by
    attempt, returns by return and payment, write-offs by event;
    `stored` says by event when Kafka stored it (microseconds), and is empty where every event was retracted; `every`
    has the overruled notes too.
    """

    last: InvoiceEvent
    every: tuple[Note, ...] = ()
    stored: dict[str, int] = {}
    is_test: bool = False
    issued: InvoiceIssued | None = None
    issuers: set[str] = set()
    voided: InvoiceVoided | None = None
    payments: dict[str, InvoicePaid] = {}
    returns: dict[str, PaymentReturned] = {}
    credits: dict[str, CreditNoteIssued] = {}
    applied: dict[str, CreditApplied] = {}
    write_offs: list[InvoiceWrittenOff] = []
    failures: dict[str, InvoicePaymentFailed] = {}
    due_changes: list[DueDateChanged] = []
    dunning: DunningEnded | None = None
    books: Any = None
    """What was posted, once it was worked out (streams.core.billing.receivable)."""

    @property
    def invoice_id(self) -> str:
        """Which invoice it is; a return that names none is no event of any."""
        return self.last.invoice_id or ""


def everything(notes: tuple[Note, ...]) -> Sequence[Note]:
    """What was restated shows against what stood before, so the fold sees overruled notes too."""
    return notes


def fold(notes: Sequence[Note]) -> Invoice | None:
    """The invoice that the notes describe, all there are of it; None for no notes."""
    if not notes:
        return None
    every = tuple(notes)
    standing = effective(every)
    last = (standing or every)[-1].event
    invoice = Invoice(last=last, every=every)  # type: ignore[arg-type] # routed here by its type
    for note in standing:
        _apply(invoice, note.event)  # type: ignore[arg-type] # as above
        invoice.stored[note.event.event_id] = note.ingested_at
    return invoice


def _apply(invoice: Invoice, event: InvoiceEvent) -> None:
    invoice.is_test = invoice.is_test or event.is_test
    match event:
        case InvoiceIssued():
            invoice.issued = event
            invoice.issuers.add(event.source)
        case InvoicePaid():
            invoice.payments[event.payment_id] = event
        case PaymentReturned():
            invoice.returns[f"{event.return_id}/{event.payment_id}"] = event
        case CreditApplied():
            invoice.applied[event.application_id] = event
        case InvoicePaymentFailed():
            invoice.failures[_attempt_of(event, invoice)] = event
        case DunningEnded():
            invoice.dunning = event
        case InvoiceVoided():
            invoice.voided = event
        case InvoiceWrittenOff():
            invoice.write_offs.append(event)
        case CreditNoteIssued():
            invoice.credits[event.credit_note_id] = event
        case DueDateChanged():
            invoice.due_changes.append(event)
        case _:
            assert_never(event)


def _attempt_of(failed: InvoicePaymentFailed, invoice: Invoice) -> str:
    """What tells a failed attempt from any other: its payment and number, or the event where the payment has no id."""
    if failed.payment_id is not None:
        return f"{failed.payment_id}/{failed.attempt_no}"
    return apart(failed, invoice.failures)


def apart(event: InvoiceEvent, taken: Container[str]) -> str:
    """The event's id, with its source where an event of another source has taken the id."""
    return f"{event.event_id}/{event.source}" if event.event_id in taken else event.event_id


def total(issued: InvoiceIssued) -> int:
    """What is asked for, in micros; below zero for a credit invoice."""
    return micros(issued.total, issued.exponent)


def used_at(event: InvoicePaid, issued: InvoiceIssued | None) -> int:
    """From when a payment settles the invoice: since it came, or since it was put to it where it had to wait.

    One waits that is more than this part of it, or that came before the invoice; when it was put to it is when the
    event happened.
    """
    waits = event.payment_amount is not None and event.payment_amount > event.amount
    if waits or (issued is not None and event.paid_at < issued.issued_at):
        return max(event.paid_at, event.occurred_at)
    return event.paid_at


def paid_sum(invoice: Invoice) -> int:
    """Payments in the invoice's currency, micros, whether banks took them back or not."""
    return _sum(invoice, invoice.payments.values())


def returned_sum(invoice: Invoice) -> int:
    """What banks took back of them, micros."""
    return _sum(invoice, invoice.returns.values())


def credited_sum(invoice: Invoice) -> int:
    """Credit notes in the invoice's currency, micros."""
    return _sum(invoice, invoice.credits.values())


def applied_sum(invoice: Invoice) -> int:
    """Credit that was to settle the invoice, at its issue and later, micros."""
    if invoice.issued is None:
        return 0
    return micros(invoice.issued.credit_applied, invoice.issued.exponent) + _sum(invoice, invoice.applied.values())


def _sum(invoice: Invoice, events: Collection[InvoicePaid | PaymentReturned | CreditNoteIssued | CreditApplied]) -> int:
    if not events or invoice.issued is None:
        return 0
    currency = invoice.issued.currency
    return sum([micros(event.amount, event.exponent) for event in events if event.currency == currency])


def open_amount(invoice: Invoice, used: int, lost: int) -> int:
    """What is still owed, micros: worked out from totals, so that comparing it with the postings says something.

    How much credit could be used and what is lost depend on when returns and uses came, and are given. Where there are
    none of either, a write-off of all that is open ends it for good, and one of an amount counts once payments and
    credits are taken off.
    """
    issued = invoice.issued
    if issued is None:
        return 0
    kept = paid_sum(invoice) - returned_sum(invoice)
    if invoice.voided is not None:
        return max(-used - kept, 0)
    left = total(issued) - kept - credited_sum(invoice)
    if invoice.returns or invoice.applied:
        return max(left - used - lost, 0)
    if any(each.amount is None for each in invoice.write_offs):
        return 0
    told = sum(
        micros(one.amount, one.exponent)
        for one in invoice.write_offs
        if one.amount is not None and one.exponent is not None and one.currency == issued.currency
    )
    return max(max(left - micros(issued.credit_applied, issued.exponent), 0) - told, 0)
