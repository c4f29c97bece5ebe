"""What an invoice adds to the books: to receivables while it is owed, to the customer's credit where more came in.

Facts are posted in the order of their own time. One signed balance says both books: what is above zero is receivable,
what is below zero is owed to the customer, so a receivable never falls below zero whatever comes in which order. Two
more books say what is behind that: `paid` is money that settles the invoice, `granted` is credit with no money behind
it.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from streams.core.billing.invoice import Invoice, apart, total, used_at
from streams.core.billing.money import micros
from streams.core.events import InvoiceIssued

Book = Literal["receivable", "customer_credit", "paid", "granted"]
Kind = Literal["issued", "credit_applied", "credited", "paid", "returned", "written_off", "voided"]
PUBLISHED: tuple[Book, ...] = ("receivable", "customer_credit")
"""Books whose balances are figures; the others say what is behind them."""
_ORDER: tuple[Kind, ...] = ("issued", "credit_applied", "credited", "paid", "returned", "written_off", "voided")
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

    `balance` is signed micros of the invoice's currency, `money` what came in of it and was not taken back, `used` the
    credit that settled it, `lost` what stands written off, `closed_at` since when nothing is receivable (None while
    something is, or before the invoice).
    """

    entries: list[Entry] = []
    balance: int = 0
    money: int = 0
    used: int = 0
    lost: int = 0
    credited: int = 0
    is_void: bool = False
    closed_at: int | None = None

    @property
    def open(self) -> int:
        return max(self.balance, 0)

    @property
    def granted(self) -> int:
        """Credit that the invoice leaves whatever money came in: what was taken back of it beyond what it asked for."""
        return max(-self.balance - self.money, 0)

    @property
    def paid(self) -> int:
        """Money that came in and is not the customer's credit."""
        return self.money - (max(-self.balance, 0) - self.granted)

    def post(self, fact: Fact, kind: Kind, change: int, money: int = 0) -> None:
        """Change the balance, and the money behind it; a book that it does not touch gets no entry."""
        before, paid, granted = self.balance, self.paid, self.granted
        self.balance += change
        self.money += money
        if self.balance > 0:
            self.closed_at = None
        elif self.closed_at is None or kind == "issued":
            self.closed_at = fact.at
        self.enter(fact, kind, "receivable", max(self.balance, 0) - max(before, 0))
        self.enter(fact, kind, "customer_credit", max(-self.balance, 0) - max(-before, 0))
        self.enter(fact, kind, "paid", self.paid - paid)
        self.enter(fact, kind, "granted", self.granted - granted)

    def enter(self, fact: Fact, kind: Kind, book: Book, amount: int) -> None:
        if amount:
            cause = fact.reference if kind == fact.kind else f"{fact.kind}/{fact.reference}"
            self.entries.append(
                Entry(fact.at, f"{kind}/{book}/{cause}", kind, book, fact.currency, amount, fact.event_id)
            )


def books(invoice: Invoice) -> Books:
    """Every posting of an invoice. One that was never issued has only what was paid for it, as customer credit.

    They are made once for a view, which is not changed any more.
    """
    if invoice.books is None:
        invoice.books = _made(invoice)
    made: Books = invoice.books
    return made


def _made(invoice: Invoice) -> Books:
    made, issued = Books(), invoice.issued
    for fact in sorted(facts(invoice), key=_place):
        if issued is None or fact.currency != issued.currency:
            assert fact.amount is not None
            made.enter(fact, fact.kind, "customer_credit", -fact.amount if fact.kind == "returned" else fact.amount)
            made.enter(fact, fact.kind, "granted", fact.amount if fact.kind == "credited" else 0)
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
        case "returned":
            assert amount is not None
            made.post(fact, "returned", amount, -amount)
        case "written_off":
            lost = 0 if made.is_void else min(made.open, made.open if amount is None else amount)
            made.post(fact, "written_off", -lost)
            made.lost += lost
        case "voided":
            _replace_loss(made, fact, made.lost, "voided", made.credited - total(issued))
            made.is_void = True


def _apply_credit(made: Books, fact: Fact, amount: int) -> None:
    """Credit that is used up lowers both books; where the invoice cannot take it, it stays with the customer."""
    used = min(amount, made.open, max(made.balance + made.money, 0))
    made.used += used
    made.post(fact, "credit_applied", -used)
    made.enter(fact, "credit_applied", "customer_credit", -used)


def _lower(made: Books, fact: Fact, amount: int) -> None:
    """A payment or a credit note. What exceeds the open part takes back a write-off first: that was not lost at all."""
    if fact.kind == "credited":
        if made.is_void:
            return
        made.credited += amount
    money = amount if fact.kind == "paid" else 0
    _replace_loss(made, fact, min(made.lost, max(amount - made.open, 0)), fact.kind, -amount, money)


def _replace_loss(made: Books, fact: Fact, found: int, kind: Kind, change: int, money: int = 0) -> None:
    """Take `found` of a write-off back and post the change; what was closed before stays closed since then."""
    closed_at = made.closed_at
    made.post(fact, "written_off", found)
    made.lost -= found
    made.post(fact, kind, change, money)
    if closed_at is not None:
        made.closed_at = closed_at


def facts(invoice: Invoice) -> Iterator[Fact]:
    """What happened to the money, unordered. Only payments and their returns count before the invoice is issued.

    In another currency than the invoice's a payment, return or credit note stands by itself, and a write-off or use of
    credit has no meaning.
    """
    issued = invoice.issued
    for one in invoice.payments.values():
        amount = micros(one.amount, one.exponent)
        yield _fact(used_at(one, issued), "paid", one.payment_id, one.currency, amount, one.event_id)
    for name, back in invoice.returns.items():
        amount = micros(back.amount, back.exponent)
        yield _fact(back.returned_at, "returned", name, back.currency, amount, back.event_id)
    if issued is None:
        return
    begin, currency = issued.issued_at, issued.currency
    yield _fact(begin, "issued", "", currency, total(issued), issued.event_id)
    if issued.credit_applied:
        applied = micros(issued.credit_applied, issued.exponent)
        yield _fact(begin, "credit_applied", "", currency, applied, issued.event_id)
    for use in invoice.applied.values():
        if use.currency == currency:
            amount = micros(use.amount, use.exponent)
            at = max(use.applied_at, begin)
            yield _fact(at, "credit_applied", use.application_id, currency, amount, use.event_id)
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
