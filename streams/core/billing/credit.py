"""The customer's credit, account by account: what left it, what it was used for, and what was given back beyond it.

Invoices and payments leave credit. Refunds, chargebacks and uses of credit take it, in the order of their own time: of
the invoice that is named, of the rest of the payment, and of its other invoices where none is named; a use takes the
oldest. A refund beyond all of it was of money that had settled invoices: it is given back. Where credit comes later,
the earliest that lacks some has it; where it goes, the latest that took of it lacks it. So which credit is whose
follows from the set of events alone.

The accumulator holds what may still change: credit that is left, and who took of it or lacks some, because each of
them may have to give it back. It is empty where payments match their invoices, and grows with what takes credit.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing.money import within
from streams.core.declarations import Ledger
from streams.core.entities import PREFIXES
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_refund import CreditEntryRow

PREFIX = PREFIXES["credit"]
LEFT, USED, CLAIMED, UNCLAIMED = range(4)
"""What may happen to credit, in the order in which it counts within one instant."""
Book = Literal["customer_credit", "given_back"]
Lot = tuple[str, str]
"""(invoice, payment) that left credit; one of the two is empty."""
_Line = tuple[Book, str, str, str]
_Changed = defaultdict[_Line, int]


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened to credit at a time (microseconds); `amount` in micros, below zero where credit goes.

    `member` is what it happened to: the prefix of an entity or ledger, and its name. `kind` and `reference` name the
    cause within it; `invoice_id` and `payment_id` the lot, or where to take it; `invoices` are all that the payment
    was for, where none is named.
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


def sort_key(move: Move) -> SortKey:
    return move.at, move.rank, move.kind, move.member, move.reference


def hand_over(move: Move, outputs: Outputs) -> None:
    """Give a move to the account's credit."""
    outputs.entries[Handover(PREFIX, "", sort_key(move))] = move


class Share(msgspec.Struct, array_like=True, gc=False):
    """An amount of one lot."""

    lot: Lot
    amount: int


class Taker(msgspec.Struct, array_like=True, gc=False):
    """A taker of credit, by its move: what it took of which lots, and what it lacks.

    `rank` is USED or CLAIMED; `is_return` says that a bank took back what no invoice had.
    """

    member: str
    rank: int
    is_return: bool
    invoice_id: str
    payment_id: str
    invoices: tuple[str, ...]
    lacking: int = 0
    taken: list[Share] = []

    @classmethod
    def of(cls, move: Move) -> "Taker":
        is_return = move.kind == "returned"
        return cls(move.member, move.rank, is_return, move.invoice_id, move.payment_id, move.invoices)

    @property
    def line(self) -> _Line:
        """Return where what it lacks is shown: used credit that is not there is owed to us."""
        if self.rank == USED:
            return "customer_credit", "applied", self.member[1:], ""
        if self.is_return:
            return "customer_credit", "returned", "", self.payment_id
        return "given_back", "given_back", self.invoice_id, self.payment_id

    def share(self, lot: Lot) -> Share:
        """Return what it took of a lot."""
        return _share(self.taken, lot)

    def may_take(self, lot: Lot) -> bool:
        if self.rank == USED:
            return True
        if self.is_return:
            return lot == ("", self.payment_id)
        invoice, payment = lot
        if payment:
            return payment == self.payment_id
        return invoice == self.invoice_id if self.invoice_id else invoice in self.invoices


def _share(shares: list[Share], lot: Lot) -> Share:
    for each in shares:
        if each.lot == lot:
            return each
    found = Share(lot, 0)
    shares.append(found)
    return found


class Credit(msgspec.Struct, array_like=True, gc=False):
    """The credit of an account in one currency: lots, oldest first, with what is left, and takers in order of time.

    A lot that lacks what others took of it is below zero.
    """

    lots: list[Share] = []
    takers: list[Taker] = []

    def apply(self, move: Move, changed: _Changed) -> None:
        """Let one thing happen; `changed` gains what it adds to each line of the books."""
        if move.rank == LEFT:
            lot = (move.invoice_id, move.payment_id)
            if move.amount > 0:
                self._gain(lot, move.amount, changed)
            else:
                self._lose(lot, -move.amount, changed)
        elif move.rank == UNCLAIMED:
            self._release(move, changed)
        else:
            self.takers.append(Taker.of(move))
            self._cover(self.takers[-1], move.amount, changed)
        self._forget()

    def _gain(self, lot: Lot, amount: int, changed: _Changed) -> None:
        filled = min(max(-_share(self.lots, lot).amount, 0), amount)
        self._add(lot, filled, changed)
        amount -= filled
        for taker in self.takers:
            if taker.lacking and amount and taker.may_take(lot):
                found = min(taker.lacking, amount)
                self._lack(taker, -found, changed)
                taker.share(lot).amount += found
                amount -= found
        self._add(lot, amount, changed)

    def _lose(self, lot: Lot, amount: int, changed: _Changed) -> None:
        free = min(max(_share(self.lots, lot).amount, 0), amount)
        self._add(lot, -free, changed)
        amount -= free
        for taker in reversed(self.takers):
            if not amount:
                break
            gone = min(taker.share(lot).amount, amount)
            if gone:
                taker.share(lot).amount -= gone
                amount -= gone
                self._cover(taker, gone, changed)
        self._add(lot, -amount, changed)

    def _cover(self, taker: Taker, amount: int, changed: _Changed) -> None:
        for each in self._sources(taker):
            found = min(each.amount, amount)
            if found > 0:
                self._add(each.lot, -found, changed)
                taker.share(each.lot).amount += found
                amount -= found
        self._lack(taker, amount, changed)

    def _release(self, move: Move, changed: _Changed) -> None:
        """Let a claim end: what it took is there again."""
        for place, taker in enumerate(self.takers):
            if taker.member == move.member and taker.rank == CLAIMED:
                del self.takers[place]
                self._lack(taker, -taker.lacking, changed)
                for each in taker.taken:
                    self._gain(each.lot, each.amount, changed)
                return

    def _sources(self, taker: Taker) -> list[Share]:
        """Lots to take from: those that are named, then what the payment left, then, for a use, the oldest."""
        lots = [each for each in self.lots if each.amount > 0 and taker.may_take(each.lot)]
        named = (taker.invoice_id, ""), ("", taker.payment_id)
        if taker.rank == USED:
            return sorted(lots, key=lambda each: each.lot not in named)
        return sorted(lots, key=lambda each: (each.lot != named[0], each.lot != named[1], each.lot))

    def _add(self, lot: Lot, amount: int, changed: _Changed) -> None:
        share = _share(self.lots, lot)
        share.amount = within(share.amount + amount)
        changed["customer_credit", "left", *lot] += amount

    def _lack(self, taker: Taker, amount: int, changed: _Changed) -> None:
        taker.lacking = within(taker.lacking + amount)
        line = taker.line
        changed[line] += amount if line[0] == "given_back" else -amount

    def _forget(self) -> None:
        """Drop lots of which nothing is left and that nobody took of."""
        for taker in self.takers:
            if any(not each.amount for each in taker.taken):
                taker.taken = [each for each in taker.taken if each.amount]
        if any(not each.amount for each in self.lots):
            held = {each.lot for taker in self.takers for each in taker.taken}
            self.lots = [each for each in self.lots if each.amount or each.lot in held]


class Account(msgspec.Struct, array_like=True, gc=False):
    """The credit of an account, by currency; tests have their own."""

    account_id: str
    credits: dict[str, Credit] = {}


def apply(account: Account, move: Move, _scope: Scope, sealed: Outputs | None) -> None:
    """Let one move happen; what it adds to the books is final."""
    group = f"{move.currency}/test" if move.is_test else move.currency
    credit = account.credits.setdefault(group, Credit())
    changed: _Changed = defaultdict(int)
    credit.apply(move, changed)
    if not (credit.lots or credit.takers):
        del account.credits[group]
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
