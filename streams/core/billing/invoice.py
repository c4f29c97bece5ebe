"""The invoice: issued, paid, not paid, credited, written off, voided, put off; and what its events say together.

Events of an invoice come from several sources in any order, so nothing here depends on which came first: each kind of
fact is kept by its own identity, and the newest in fold order stands.
"""

from collections.abc import Collection, Container, Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note, effective
from streams.core.billing.money import micros
from streams.core.events import (
    CreditNoteIssued,
    DueDateChanged,
    DunningEnded,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
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
)


class Invoice(msgspec.Struct, gc=False):
    """An invoice as its standing events say; local to one fold, so it may be filled step by step.

    Payments are kept by payment, credit notes by credit note, failed attempts by attempt, write-offs by event;
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
    credits: dict[str, CreditNoteIssued] = {}
    write_offs: list[InvoiceWrittenOff] = []
    failures: dict[str, InvoicePaymentFailed] = {}
    due_changes: list[DueDateChanged] = []
    dunning: DunningEnded | None = None


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


def paid_sum(invoice: Invoice) -> int:
    """Payments in the invoice's currency, micros."""
    return _sum(invoice, invoice.payments.values())


def credited_sum(invoice: Invoice) -> int:
    """Credit notes in the invoice's currency, micros."""
    return _sum(invoice, invoice.credits.values())


def _sum(invoice: Invoice, events: Collection[InvoicePaid | CreditNoteIssued]) -> int:
    if not events or invoice.issued is None:
        return 0
    currency = invoice.issued.currency
    return sum([micros(event.amount, event.exponent) for event in events if event.currency == currency])


def open_amount(invoice: Invoice) -> int:
    """What is still owed, micros: worked out from totals alone, so that comparing it with the postings says something.

    A write-off of all that is open ends it for good; one of an amount counts once payments and credits are taken off.
    """
    issued = invoice.issued
    if issued is None or invoice.voided is not None or any(lost.amount is None for lost in invoice.write_offs):
        return 0
    left = total(issued) - micros(issued.credit_applied, issued.exponent) - paid_sum(invoice) - credited_sum(invoice)
    lost = sum(
        micros(one.amount, one.exponent)
        for one in invoice.write_offs
        if one.amount is not None and one.exponent is not None and one.currency == issued.currency
    )
    return max(max(left, 0) - lost, 0)
