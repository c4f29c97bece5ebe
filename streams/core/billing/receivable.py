"""What an invoice adds to the books: to receivables while it is owed, to the customer's credit where more came in.

Facts are posted in the order of their own time. One signed balance says both books: what is above zero is receivable,
what is below zero is owed to the customer, so a receivable never falls below zero whatever comes in which order.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from streams.core.billing.invoice import Invoice, apart, total
from streams.core.billing.money import micros
from streams.core.events import InvoiceIssued

Book = Literal["receivable", "customer_credit"]
Kind = Literal["issued", "credit_applied", "credited", "paid", "written_off", "voided"]
_ORDER: tuple[Kind, ...] = ("issued", "credit_applied", "credited", "paid", "written_off", "voided")
"""Facts of one instant are posted in this order."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened to the money of an invoice; `amount` in micros, None for all that is open."""

    at: int
    rank: int
    reference: str
    kind: Kind
    currency: str
    amount: int | None
    event_id: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One posting: signed micros, added to a book at a time (microseconds). `name` is unique in the invoice."""

    at: int
    name: str
    kind: Kind
    book: Book
    currency: str
    amount: int
    event_id: str


class Books(msgspec.Struct, gc=False):
    """The postings of one invoice as they are made.

    `balance` is signed micros of the invoice's currency, `lost` what stands written off, `closed_at` since when
    nothing is receivable (None while something is, or before the invoice).
    """

    entries: list[Entry] = []
    balance: int = 0
    lost: int = 0
    credited: int = 0
    is_void: bool = False
    closed_at: int | None = None

    @property
    def open(self) -> int:
        return max(self.balance, 0)

    def post(self, fact: Fact, kind: Kind, change: int) -> None:
        """Change the balance; a book that it does not touch gets no entry."""
        before, self.balance = self.balance, self.balance + change
        receivable = max(self.balance, 0) - max(before, 0)
        owed = max(-self.balance, 0) - max(-before, 0)
        if self.balance > 0:
            self.closed_at = None
        elif self.closed_at is None or kind == "issued":
            self.closed_at = fact.at
        self.enter(fact, kind, "receivable", receivable)
        self.enter(fact, kind, "customer_credit", owed)

    def enter(self, fact: Fact, kind: Kind, book: Book, amount: int) -> None:
        if amount:
            cause = fact.reference if kind == fact.kind else f"{fact.kind}/{fact.reference}"
            self.entries.append(
                Entry(fact.at, f"{kind}/{book}/{cause}", kind, book, fact.currency, amount, fact.event_id)
            )


def books(invoice: Invoice) -> Books:
    """Every posting of an invoice. One that was never issued has only what was paid for it, as customer credit."""
    made, issued = Books(), invoice.issued
    for fact in sorted(facts(invoice), key=_place):
        if issued is None or fact.currency != issued.currency:
            assert fact.amount is not None
            made.enter(fact, fact.kind, "customer_credit", fact.amount)
        else:
            _post(made, fact, issued)
    return made


def _place(fact: Fact) -> tuple[int, int, str]:
    return fact.at, fact.rank, fact.reference


def _post(made: Books, fact: Fact, issued: InvoiceIssued) -> None:
    amount = fact.amount
    match fact.kind:
        case "issued":
            made.post(fact, "issued", total(issued))
        case "credit_applied":
            assert amount is not None
            _apply_credit(made, fact, amount)
        case "paid" | "credited":
            assert amount is not None
            _lower(made, fact, amount)
        case "written_off":
            lost = 0 if made.is_void else min(made.open, made.open if amount is None else amount)
            made.post(fact, "written_off", -lost)
            made.lost += lost
        case "voided":
            _replace_loss(made, fact, made.lost, "voided", made.credited - total(issued))
            made.is_void = True


def _apply_credit(made: Books, fact: Fact, amount: int) -> None:
    """Credit that is used up lowers both books; where the invoice cannot take it, it stays with the customer."""
    used = min(amount, made.open)
    made.post(fact, "credit_applied", -used)
    made.enter(fact, "credit_applied", "customer_credit", -used)


def _lower(made: Books, fact: Fact, amount: int) -> None:
    """A payment or a credit note. What exceeds the open part takes back a write-off first: that was not lost at all."""
    if fact.kind == "credited":
        if made.is_void:
            return
        made.credited += amount
    _replace_loss(made, fact, min(made.lost, max(amount - made.open, 0)), fact.kind, -amount)


def _replace_loss(made: Books, fact: Fact, found: int, kind: Kind, change: int) -> None:
    """Take `found` of a write-off back and post the change; what was closed before stays closed since then."""
    closed_at = made.closed_at
    made.post(fact, "written_off", found)
    made.lost -= found
    made.post(fact, kind, change)
    if closed_at is not None:
        made.closed_at = closed_at


def facts(invoice: Invoice) -> Iterator[Fact]:
    """What happened to the money, unordered. Nothing but a payment counts before the invoice is issued.

    In another currency than the invoice's a payment or credit note stands by itself, and a write-off has no meaning.
    """
    for one in invoice.payments.values():
        amount = micros(one.amount, one.exponent)
        yield _fact(one.paid_at, "paid", one.payment_id, one.currency, amount, one.event_id)
    issued = invoice.issued
    if issued is None:
        return
    begin, currency = issued.issued_at, issued.currency
    yield _fact(begin, "issued", "", currency, total(issued), issued.event_id)
    if issued.credit_applied:
        applied = micros(issued.credit_applied, issued.exponent)
        yield _fact(begin, "credit_applied", "", currency, applied, issued.event_id)
    for credit in invoice.credits.values():
        amount = micros(credit.amount, credit.exponent)
        at = max(credit.occurred_at, begin)
        yield _fact(at, "credited", credit.credit_note_id, credit.currency, amount, credit.event_id)
    names: set[str] = set()
    for lost in invoice.write_offs:
        at, name = max(lost.occurred_at, begin), apart(lost, names)
        names.add(name)
        if lost.amount is None or lost.exponent is None:
            yield _fact(at, "written_off", name, currency, None, lost.event_id)
        elif lost.currency == currency:
            amount = micros(lost.amount, lost.exponent)
            yield _fact(at, "written_off", name, currency, amount, lost.event_id)
    if invoice.voided is not None:
        at = max(invoice.voided.occurred_at, begin)
        yield _fact(at, "voided", "", currency, None, invoice.voided.event_id)


def _fact(at: int, kind: Kind, reference: str, currency: str, amount: int | None, event_id: str) -> Fact:
    return Fact(at, _ORDER.index(kind), reference, kind, currency, amount, event_id)
