"""The customer's credit, account by account: what left it, what it was used for, and what was given back beyond it.

Invoices and payments leave credit. Refunds, chargebacks and uses of credit take it, in the order of their own time: of
the invoice that is named, of the rest of the payment, and of its other invoices where none is named; a use takes the
oldest. A refund beyond all of it was of money that had settled invoices: it is given back. Where credit comes later,
the earliest that lacks some has it; where it goes, the latest that took of it lacks it. So which credit is whose
follows from the set of events alone.

The accumulator holds what may still change: credit that is left, and who took of it or lacks some, because each of
them may have to give it back. It is empty where payments match their invoices. What takes credit are its members, so
that one more costs the same however many there are (`streams.core.billing.credit_holdings`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing.credit_holdings import Holdings, Lot, Taker
from streams.core.billing.money import within
from streams.core.declarations import Ledger
from streams.core.entities import PREFIXES
from streams.core.members import Members
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_refund import CreditEntryRow

PREFIX = PREFIXES["credit"]
LEFT, USED, CLAIMED, UNCLAIMED = range(4)
"""What may happen to credit, in the order in which it counts within one instant."""
Book = Literal["customer_credit", "given_back"]
_Line = tuple[Book, str, str, str]
_Changed = defaultdict[_Line, int]


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened to credit at a time (microseconds); `amount` in micros, below zero where credit goes.

    `member` is what it happened to: the prefix of an entity or ledger, and its name. `kind` and `reference` name the
    cause within it; `invoice_id` and `payment_id` the lot, or where to take it; `invoices` are all that the payment
    was for, where none is named. `ends` is time and kind of the claim that ends with it.
    """

    at: int
    rank: int
    kind: str
    member: str
    reference: str
    is_test: bool
    currency: str
    amount: int
    invoice_id: str
    payment_id: str
    event_id: str
    ingested_at: int
    invoices: tuple[str, ...] = ()
    ends: tuple[int, str] | None = None

    @property
    def place(self) -> bytes:
        """Return the position among all moves as bytes of the same order: no id holds what stands between."""
        return f"{self.at:016x}{self.rank}{self.kind}\0{self.member}\0{self.reference}".encode()

    @property
    def ended(self) -> bytes:
        """Return the place of the claim that ends with this."""
        assert self.ends is not None
        at, kind = self.ends
        return msgspec.structs.replace(self, at=at, rank=CLAIMED, kind=kind).place


def sort_key(move: Move) -> SortKey:
    return move.at, move.rank, move.kind, move.member, move.reference


def hand_over(move: Move, outputs: Outputs) -> None:
    """Give a move to the account's credit."""
    outputs.entries[Handover(PREFIX, "", sort_key(move))] = move


class Account(msgspec.Struct, array_like=True, gc=False):
    """The credit of an account; `members` are lots and takers, by currency, tests apart."""

    account_id: str
    members: Members = msgspec.field(default_factory=Members)


class _Credit:
    """The credit of an account in one currency while one thing happens to it.

    `changed` gains what it adds to each line of the books. A lot that lacks what others took of it is below zero.
    """

    def __init__(self, holdings: Holdings, changed: _Changed) -> None:
        self._holdings, self._changed = holdings, changed

    def apply(self, move: Move) -> None:
        if move.rank == LEFT:
            lot = (move.invoice_id, move.payment_id)
            if move.amount > 0:
                self._gain(lot, move.amount)
            else:
                self._lose(lot, -move.amount)
        elif move.rank == UNCLAIMED:
            self._release(move.ended)
        else:
            is_use, is_return = move.rank == USED, move.kind == "returned"
            taker = Taker(move.member, is_use, is_return, move.invoice_id, move.payment_id, move.invoices)
            self._holdings.begin(taker)
            self._cover(taker, move.amount)

    def _gain(self, lot: Lot, amount: int) -> None:
        filled = min(max(-self._holdings.left(lot), 0), amount)
        self._add(lot, filled)
        amount -= filled
        for taker in self._holdings.lacking(lot) if amount else ():
            found = min(taker.lacking, amount)
            self._lack(taker, -found)
            taker.share(lot).amount += found
            amount -= found
            if not amount:
                break
        self._add(lot, amount)

    def _lose(self, lot: Lot, amount: int) -> None:
        free = min(max(self._holdings.left(lot), 0), amount)
        self._add(lot, -free)
        amount -= free
        for taker in self._holdings.holders(lot) if amount else ():
            share = taker.share(lot)
            gone = min(share.amount, amount)
            share.amount -= gone
            amount -= gone
            self._cover(taker, gone)
            if not amount:
                break
        self._add(lot, -amount)

    def _cover(self, taker: Taker, amount: int) -> None:
        """Let a taker take of what is there; what it does not find it lacks."""
        for lot in self._holdings.sources(taker) if amount > 0 else ():
            found = min(self._holdings.left(lot), amount)
            self._add(lot, -found)
            taker.share(lot).amount += found
            amount -= found
            if not amount:
                break
        self._lack(taker, amount)

    def _release(self, place: bytes) -> None:
        """Let a claim end: what it took is there again."""
        taker = self._holdings.end(place)
        if taker is not None:
            self._lack(taker, -taker.lacking)
            for each in taker.taken:
                self._gain(each.lot, each.amount)

    def _add(self, lot: Lot, amount: int) -> None:
        self._holdings.set_left(lot, within(self._holdings.left(lot) + amount))
        self._changed["customer_credit", "left", *lot] += amount

    def _lack(self, taker: Taker, amount: int) -> None:
        taker.lacking = within(taker.lacking + amount)
        line = _line(taker)
        self._changed[line] += amount if line[0] == "given_back" else -amount


def _line(taker: Taker) -> _Line:
    """Return where what a taker lacks is shown: used credit that is not there is owed to us."""
    if taker.is_use:
        return "customer_credit", "applied", taker.member[1:], ""
    if taker.is_return:
        return "customer_credit", "returned", "", taker.payment_id
    return "given_back", "given_back", taker.invoice_id, taker.payment_id


def apply(account: Account, move: Move, _scope: Scope, sealed: Outputs | None) -> None:
    """Let one move happen; what it adds to the books is final."""
    group = f"{move.currency}/test" if move.is_test else move.currency
    changed: _Changed = defaultdict(int)
    holdings = Holdings(account.members, group, move.place)
    _Credit(holdings, changed).apply(move)
    holdings.keep()
    if sealed is not None:
        sealed.rows.extend(_entries(account.account_id, move, changed))


def project(_account: Account, _scope: Scope, _outputs: Outputs) -> None:
    """List nothing: entries in order never change what earlier ones added."""


def _entries(account_id: str, move: Move, changed: Mapping[_Line, int]) -> Iterator[CreditEntryRow]:
    cause = f"{move.kind}/{move.member}/{move.reference}"
    for (book, kind, invoice_id, payment_id), amount in changed.items():
        if amount:
            yield CreditEntryRow(
                account_id,
                f"{cause}/{book}/{kind}/{invoice_id}/{payment_id}",
                move.at,
                book,
                kind,
                invoice_id,
                payment_id,
                move.currency,
                within(amount),
                move.is_test,
                move.event_id,
                move.ingested_at,
            )


CREDIT_LEDGER = Ledger(
    prefix=PREFIX,
    entry=Move,
    accumulator=Account,
    apply=apply,
    project=project,
    sort_key=sort_key,
    start=lambda account, _name: Account(account),
)
