"""Facts about the money of an invoice, event by event, and when each counts."""

from typing import Literal

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros, total
from streams.core.events import (
    CreditApplied,
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentReturned,
)

Kind = Literal["issued", "credit_applied", "credited", "paid", "returned", "written_off", "voided"]
_ORDER: tuple[Kind, ...] = ("issued", "credit_applied", "credited", "paid", "returned", "written_off", "voided")
"""Facts of one instant are posted in this order."""
LAST = len(_ORDER)
"""The rank of what is no fact."""
Slot = tuple[int, int, str]
"""When a fact is posted: time, rank within the instant, reference within the rank."""


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened to the money of an invoice; `amount` in micros, None for all that is open.

    `lot` names the credit to be used, as (invoice, payment).
    """

    at: int
    rank: int
    reference: str
    kind: Kind
    currency: str
    amount: int | None
    event_id: str
    ingested_at: int
    lot: tuple[str, str] = ("", "")

    @property
    def slot(self) -> Slot:
        return self.at, self.rank, self.reference


def waits(event: InvoicePaid) -> bool:
    """Return whether a payment had to wait for the invoice because it is more than this part of it."""
    return event.payment_amount is not None and event.payment_amount > event.amount


def used_at(event: InvoicePaid, issued: InvoiceIssued | None) -> int:
    """From when a payment settles the invoice: since it came, or since it was put to it where it had to wait.

    One waits that is more than this part of it, or that came before the invoice; when it was put to it is when the
    event happened.
    """
    if waits(event) or (issued is not None and event.paid_at < issued.issued_at):
        return max(event.paid_at, event.occurred_at)
    return event.paid_at


def slot_of(recorded: RecordedEvent) -> Slot:
    """Return the earliest slot that an event's fact can have, whenever the invoice is issued; that of the event else.

    Before its issue nothing happens to the money of an invoice but what is paid and comes back.
    """
    event = recorded.event
    match event:
        case InvoicePaid():
            at = max(event.paid_at, event.occurred_at) if waits(event) else event.paid_at
            return at, _ORDER.index("paid"), event.payment_id
        case PaymentReturned():
            return event.returned_at, _ORDER.index("returned"), f"{event.return_id}/{event.payment_id}"
        case CreditApplied():
            return event.applied_at, _ORDER.index("credit_applied"), event.application_id
        case CreditNoteIssued():
            return event.occurred_at, _ORDER.index("credited"), event.credit_note_id
        case InvoiceWrittenOff():
            return event.occurred_at, _ORDER.index("written_off"), f"{event.event_id}/{event.source}"
        case InvoiceVoided():
            return event.occurred_at, _ORDER.index("voided"), ""
        case _:
            return event.occurred_at, LAST, ""


def issue(issued: InvoiceIssued, ingested_at: int) -> list[Fact]:
    """Return what an issue does to the money: it asks for some, and uses credit."""
    at, currency, event_id = issued.issued_at, issued.currency, issued.event_id
    made = [Fact(at, 0, "", "issued", currency, total(issued), event_id, ingested_at)]
    if issued.credit_applied:
        applied = micros(issued.credit_applied, issued.exponent)
        made.append(Fact(at, 1, "", "credit_applied", currency, applied, event_id, ingested_at))
    return made


def fact_of(recorded: RecordedEvent, issued: InvoiceIssued | None) -> Fact | None:
    """Return what an event other than the issue does to the money, None for nothing.

    Only payments and their returns count before the invoice is issued; what else is older counts from the issue on. In
    another currency than the invoice's a payment, return or credit note stands by itself, and a write-off or use of
    credit has no meaning.
    """
    event = recorded.event
    at, rank, reference = slot_of(recorded)
    if rank == LAST or (issued is None and not isinstance(event, InvoicePaid | PaymentReturned)):
        return None
    kind, lot = _ORDER[rank], ("", "")
    currency: str | None = getattr(event, "currency", None)
    if isinstance(event, InvoicePaid):
        at = used_at(event, issued)
    elif not isinstance(event, PaymentReturned) and issued is not None:
        at = max(at, issued.issued_at)
        if isinstance(event, InvoiceVoided | InvoiceWrittenOff) and currency is None:
            currency = issued.currency
        if isinstance(event, CreditApplied | InvoiceWrittenOff) and currency != issued.currency:
            return None
        if isinstance(event, CreditApplied):
            lot = event.credit_invoice_id or "", event.payment_id or ""
    amount, exponent = getattr(event, "amount", None), getattr(event, "exponent", None)
    asked = None if amount is None or exponent is None else micros(amount, exponent)
    return Fact(at, rank, reference, kind, currency or "", asked, event.event_id, recorded.ingested_at, lot)
