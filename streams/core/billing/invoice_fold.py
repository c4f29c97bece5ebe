"""The fold of an invoice: what each of them settles for good, and what is left open."""

from bisect import insort
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.billing import collection, payment_rows, signs
from streams.core.billing.attempts import attempt_of, is_collected, is_recurring
from streams.core.billing.collection import Summary
from streams.core.billing.facts import Fact, Slot, fact_of, issue, slot_of
from streams.core.billing.invoice import Due, Ended, Invoice
from streams.core.billing.invoice_rows import due_row, lines, summary, tax, tell
from streams.core.billing.measures import came_back, due_measure
from streams.core.billing.receivable import Books, post
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import (
    CreditApplied,
    CreditNoteIssued,
    DueDateChanged,
    DunningEnded,
    InvoiceEvent,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentReturned,
)
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs, Scope

_slot = attrgetter("slot")


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Issues first, then by time: what is posted is in the order of slots but for what waits for the issue."""
    if isinstance(recorded.event, InvoiceIssued):
        return 0, 0, 0, "", *fold_order(recorded)
    return 1, *slot_of(recorded), *fold_order(recorded)


def part_of(recorded: RecordedEvent) -> str:
    """Name the payment, return, credit note, use of credit or attempt that is stated, or the end of the invoice."""
    event = recorded.event
    match event:
        case InvoicePaid():
            return f"paid/{event.payment_id}"
        case PaymentReturned():
            return f"returned/{event.return_id}/{event.payment_id}"
        case CreditNoteIssued():
            return f"credited/{event.credit_note_id}"
        case CreditApplied():
            return f"applied/{event.application_id}"
        case InvoicePaymentFailed():
            return "" if event.payment_id is None else f"failed/{event.payment_id}/{event.attempt_no}"
        case InvoiceVoided():
            return "voided"
        case _:
            return ""


def apply(invoice: Invoice, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next event."""
    event: Any = recorded.event
    _remember(invoice, recorded, event)
    if isinstance(event, InvoiceIssued):
        invoice.issued, invoice.issued_stored_at = event, recorded.ingested_at
        invoice.issuers.add(event.source)
        return
    if not invoice.is_begun:
        _begin(invoice, sealed)
    slot = slot_of(recorded)
    _post_until(invoice, slot, sealed)
    was = signs.strain_of(invoice, invoice.books)
    invoice.sums.add(event, invoice.issued)
    fact = fact_of(recorded, invoice.issued)
    if fact is not None and fact.slot == slot:
        post(invoice.books, fact, invoice.issued)
        tell(invoice, invoice.books, sealed)
    elif fact is not None:
        insort(invoice.waiting, fact, key=_slot)
    _apply(invoice, recorded, event, sealed)
    now = signs.strain_of(invoice, invoice.books)
    if now != was and sealed is not None:
        cause = signs.Cause(slot[0], recorded.ingested_at, f"{event.event_id}/{event.source}", event.event_id)
        hand_over(signs.strained(invoice, was, now, cause), sealed)


def _remember(invoice: Invoice, recorded: RecordedEvent, event: InvoiceEvent) -> None:
    place = fold_order(recorded)
    if invoice.last is None:
        invoice.account_id, invoice.invoice_id = event.account_id, event.invoice_id or ""
    if invoice.last is None or place > invoice.last:
        invoice.last = place
    invoice.ingested_at = max(invoice.ingested_at, recorded.ingested_at)


def _begin(invoice: Invoice, outputs: Outputs | None) -> None:
    """Take the last issue as the one that stands."""
    invoice.is_begun = True
    issued = invoice.issued
    if issued is None:
        return
    invoice.tax, invoice.is_recurring = tax(issued), is_recurring(issued)
    if outputs is not None:
        outputs.rows.extend(lines(issued, invoice.is_test))
    invoice.waiting = issue(issued, invoice.issued_stored_at)
    invoice.due = Due(issued.issued_at, issued.due_at, issued.event_id)
    invoice.issued = msgspec.structs.replace(issued, lines=())


def _post_until(invoice: Invoice, slot: Slot, outputs: Outputs | None) -> None:
    """Post what waited for an earlier slot."""
    waiting = invoice.waiting
    while waiting and waiting[0].slot < slot:
        _post_waiting(invoice, invoice.books, waiting.pop(0), outputs)


def _post_waiting(invoice: Invoice, books: Books, fact: Fact, outputs: Outputs | None) -> None:
    """Post a fact that waited for its slot."""
    was = signs.strain_of(invoice, books)
    post(books, fact, invoice.issued)
    tell(invoice, books, outputs)
    if outputs is not None:
        now = signs.strain_of(invoice, books)
        hand_over(signs.strained(invoice, was, now, signs.Cause.of(fact)), outputs)


def _apply(invoice: Invoice, recorded: RecordedEvent, event: InvoiceEvent, sealed: Outputs | None) -> None:
    """Take what an event says beside the books."""
    match event:
        case InvoicePaid() | InvoicePaymentFailed():
            invoice.tries.add(event)
            _try(invoice, recorded, sealed)
            if isinstance(event, InvoicePaymentFailed) and sealed is not None and not invoice.is_test:
                hand_over((signs.failed(invoice, event),), sealed)
            if sealed is not None and isinstance(event, InvoicePaid):
                payment_rows.pay(recorded, event, invoice.issued, invoice.is_test, sealed)
        case PaymentReturned():
            invoice.tries.add(event)
            if sealed is not None:
                payment_rows.give_back(recorded, event, invoice.is_test, sealed)
                if not invoice.is_test:
                    sealed.measures.update(came_back(event, f"{event.return_id}/{event.payment_id}"))
        case InvoiceVoided():
            invoice.voided_at = event.occurred_at
        case DunningEnded():
            place = fold_order(recorded)
            if invoice.ended is None or place > invoice.ended.place:
                invoice.ended = Ended(place, event.outcome)
        case DueDateChanged():
            _put_off(invoice, recorded, event, sealed)
        case InvoiceIssued() | CreditApplied() | CreditNoteIssued() | InvoiceWrittenOff():
            pass  # all that these do is in the books
        case _:
            assert_never(event)


def _try(invoice: Invoice, recorded: RecordedEvent, sealed: Outputs | None) -> None:
    """Take an attempt; all but the earliest so far are never the first."""
    first = invoice.tries.first
    is_first = first is None or attempt_of(recorded) < attempt_of(first)
    later = first if is_first else recorded
    if is_first:
        invoice.tries.first = recorded
    if sealed is not None and later is not None:
        payment_rows.attempt(later, False, invoice.is_test, sealed)


def _put_off(invoice: Invoice, recorded: RecordedEvent, event: DueDateChanged, sealed: Outputs | None) -> None:
    """Take a due date; one that is older than the issue holds from the issue on, the last of them in fold order."""
    due, issued, place = invoice.due, invoice.issued, fold_order(recorded)
    if due is None or issued is None:
        return
    valid_from = max(event.occurred_at, issued.issued_at)
    if valid_from == due.valid_from and due.place is not None and place < due.place:
        return
    if valid_from > due.valid_from and sealed is not None:
        sealed.rows.append(due_row(invoice, due, issued.issued_at))
    invoice.due = Due(valid_from, event.due_at, event.event_id, place)
    if sealed is not None:
        moved = signs.put_off(invoice, event, recorded.ingested_at, due, invoice.due)
        hand_over(moved, sealed)


def project(invoice: Invoice, _scope: Scope, outputs: Outputs) -> None:
    """List what later events may change: the invoice itself, its first attempt, and what is posted at a later time."""
    if invoice.last is None:
        return
    if not invoice.is_begun:
        invoice = msgspec.structs.replace(invoice)
        _begin(invoice, outputs)
    made, issued = invoice.books, invoice.issued
    if invoice.waiting:
        made = msgspec.structs.replace(made, entries=[])
        for fact in invoice.waiting:
            _post_waiting(invoice, made, fact, outputs)
    row = summary(invoice, made)
    first = invoice.tries.first
    if first is not None:
        payment_rows.attempt(first, True, invoice.is_test, outputs)
    is_counted = first is not None and issued is not None and invoice.is_recurring and is_collected(issued)
    collection.hand_over(
        invoice.invoice_id,
        Summary(
            row,
            attempt_of(first) if first is not None and is_counted else None,
            dict(invoice.tries.paid_since),
        ),
        outputs,
    )
    if invoice.tries.failed is not None:
        collection.hand_over(invoice.invoice_id, invoice.tries.failed, outputs)
    if issued is not None and invoice.due is not None:
        outputs.rows.append(due_row(invoice, invoice.due, issued.issued_at))
        if not invoice.is_test:
            outputs.measures.update(due_measure(row))


INVOICE = Reducer(
    kind="invoice",
    prefix=PREFIXES["invoice"],
    events=InvoiceEvent,
    identify=attrgetter("invoice_id"),
    accumulator=Invoice,
    apply=apply,
    project=project,
    sort_key=sort_key,
    part_of=part_of,
)
