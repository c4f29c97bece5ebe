"""Postings of an invoice: to receivables while it is owed, to the customer's credit where more came in.

Facts are posted in the order of their own time. One signed balance says both books: what is above zero is receivable,
what is below zero is owed to the customer, so a receivable never falls below zero whatever comes in which order. Two
more books say what is behind that: `paid` is money that settles the invoice, `granted` is credit with no money behind
it.
"""

from typing import Literal

import msgspec

from streams.core.billing.facts import Fact, Kind
from streams.core.billing.money import Wide, total, wide, within
from streams.core.events import InvoiceIssued

Book = Literal["receivable", "customer_credit", "paid", "granted"]
PUBLISHED: tuple[Book, ...] = ("receivable", "customer_credit")
"""Books whose balances are figures; the others say what is behind them."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One posting: signed micros, added to a book at a time (microseconds). `name` is unique in the invoice."""

    at: int
    name: str
    kind: Kind
    book: Book
    currency: str
    amount: int
    event_id: str
    ingested_at: int
    lot: tuple[str, str]


def granted(balance: int, money: int) -> int:
    """Credit that the invoice leaves whatever money came in: what was taken back of it beyond what it asked for."""
    return max(-balance - money, 0)


def paid(balance: int, money: int) -> int:
    """Money that came in and is not the customer's credit."""
    return money - (max(-balance, 0) - granted(balance, money))


class Books(msgspec.Struct, array_like=True, gc=False):
    """The postings of one invoice as they are made; `entries` are those that nobody has taken yet.

    `balance` is signed micros of the invoice's currency, `money` what came in of it and was not taken back, `used` the
    credit that settled it, `lost` what stands written off, `closed_at` since when nothing is receivable (None while
    something is, or before the invoice).
    """

    entries: list[Entry] = []
    wide_balance: Wide = 0
    wide_money: Wide = 0
    wide_used: Wide = 0
    wide_lost: Wide = 0
    wide_credited: Wide = 0
    is_void: bool = False
    closed_at: int | None = None

    @property
    def balance(self) -> int:
        return int(self.wide_balance)

    @balance.setter
    def balance(self, amount: int) -> None:
        self.wide_balance = wide(amount)

    @property
    def money(self) -> int:
        return int(self.wide_money)

    @money.setter
    def money(self, amount: int) -> None:
        self.wide_money = wide(amount)

    @property
    def used(self) -> int:
        return int(self.wide_used)

    @used.setter
    def used(self, amount: int) -> None:
        self.wide_used = wide(amount)

    @property
    def lost(self) -> int:
        return int(self.wide_lost)

    @lost.setter
    def lost(self, amount: int) -> None:
        self.wide_lost = wide(amount)

    @property
    def credited(self) -> int:
        return int(self.wide_credited)

    @credited.setter
    def credited(self, amount: int) -> None:
        self.wide_credited = wide(amount)

    @property
    def open(self) -> int:
        return max(self.balance, 0)

    def post(self, fact: Fact, kind: Kind, change: int, money: int = 0) -> None:
        """Change the balance, and the money behind it; a book that it does not touch gets no entry."""
        before, had = self.balance, self.money
        after, has = before + change, had + money
        self.balance, self.money = after, has
        if after > 0:
            self.closed_at = None
        elif self.closed_at is None or kind == "issued":
            self.closed_at = fact.at
        self.enter(fact, kind, "receivable", max(after, 0) - max(before, 0))
        self.enter(fact, kind, "customer_credit", max(-after, 0) - max(-before, 0))
        self.enter(fact, kind, "paid", paid(after, has) - paid(before, had))
        self.enter(fact, kind, "granted", granted(after, has) - granted(before, had))

    def enter(self, fact: Fact, kind: Kind, book: Book, amount: int) -> None:
        if amount:
            cause = fact.reference if kind == fact.kind else f"{fact.kind}/{fact.reference}"
            self.entries.append(
                Entry(
                    fact.at,
                    f"{kind}/{book}/{cause}",
                    kind,
                    book,
                    fact.currency,
                    within(amount),
                    fact.event_id,
                    fact.ingested_at,
                    fact.lot,
                )
            )


def _settle(made: Books, fact: Fact, issued: InvoiceIssued) -> None:
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
    if found:
        made.post(fact, "written_off", found)
        made.lost -= found
    made.post(fact, kind, change, money)
    if closed_at is not None:
        made.closed_at = closed_at


def post(made: Books, fact: Fact, issued: InvoiceIssued | None) -> None:
    """Post a fact behind all earlier ones.

    An invoice that was never issued has only what was paid for it, as customer credit; so it is with another currency.
    """
    if issued is None or fact.currency != issued.currency:
        assert fact.amount is not None
        made.enter(fact, fact.kind, "customer_credit", -fact.amount if fact.kind == "returned" else fact.amount)
        made.enter(fact, fact.kind, "granted", fact.amount if fact.kind == "credited" else 0)
    else:
        _settle(made, fact, issued)
