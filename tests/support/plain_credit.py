"""The customer's credit as plain lists, looked through from end to end: what members of an accumulator are held to."""

from collections import defaultdict

import msgspec

from streams.core.billing.credit import CLAIMED, LEFT, UNCLAIMED, USED, Book, Move
from streams.core.billing.credit_holdings import Lot
from streams.core.billing.money import within

_Line = tuple[Book, str, str, str]
_Changed = defaultdict[_Line, int]


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
