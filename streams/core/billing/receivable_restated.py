"""What corrections, repetitions and late events changed in balances that had been published."""

from collections.abc import Iterator, Sequence

from streams.core.algebra import Note
from streams.core.billing.invoice import Invoice, InvoiceEvent, fold
from streams.core.billing.money import MAX_EXPONENT
from streams.core.billing.receivable import Entry, books
from streams.core.events import InvoiceIssued, InvoicePaid
from streams.core.restating import LATE_AFTER, Restated, restatement
from streams.core.rows import RestatementRow


def restatements(invoice: Invoice) -> Iterator[RestatementRow]:
    """A row for each posting that such an event moved, against what all events before it, in fold order, had said."""
    for place, note in enumerate(invoice.every):
        reason = _reason(invoice.every[:place], note)
        if reason:
            before, after = _postings(invoice.every[:place]), _postings(invoice.every[: place + 1])
            for name in sorted(before.keys() | after.keys()):
                yield from _rows(invoice, note, reason, before.get(name), after.get(name))


def _reason(earlier: Sequence[Note], note: Note) -> str:
    event: InvoiceEvent = note.event  # type: ignore[assignment] # routed here by its type
    if event.is_retraction:
        return "retracted"
    if event.corrects_event_id is not None:
        return "corrected"
    if isinstance(event, InvoiceIssued) and any(isinstance(each.event, InvoiceIssued) for each in earlier):
        return "issued again"
    return "late" if note.ingested_at - _moment(event) > LATE_AFTER else ""


def _moment(event: InvoiceEvent) -> int:
    """When the event moved money."""
    if isinstance(event, InvoiceIssued):
        return event.issued_at
    return event.paid_at if isinstance(event, InvoicePaid) else event.occurred_at


def _postings(notes: Sequence[Note]) -> dict[str, Entry]:
    """Postings by what they are in which currency."""
    invoice = fold(notes)
    return {} if invoice is None else {_item(entry): entry for entry in books(invoice).entries}


def _item(entry: Entry) -> str:
    return f"{entry.currency}/{entry.name}"


def _rows(invoice: Invoice, note: Note, reason: str, old: Entry | None, new: Entry | None) -> Iterator[RestatementRow]:
    """One row, or one for the window that a posting leaves and one for that which it enters."""
    if old is not None and new is not None and old.at != new.at:
        yield from _rows(invoice, note, reason, old, None)
        yield from _rows(invoice, note, reason, None, new)
        return
    was, now = _worth(old), _worth(new)
    told = old or new
    if told is None or was == now:
        return
    moved = Restated(note, "receivable", _item(told), told.at, was, now, reason)
    yield restatement(moved, "invoice", invoice.last.invoice_id, is_test=invoice.is_test or note.event.is_test)


def _worth(entry: Entry | None) -> float | None:
    """A posting in the currency's major unit, as the log shows all contributions; the postings have exact amounts."""
    return None if entry is None else entry.amount / 10**MAX_EXPONENT
