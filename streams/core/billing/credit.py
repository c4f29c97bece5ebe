"""The customer's credit, account by account: what left it, what it was used for, and what was given back beyond it.

Invoices and payments leave credit. Refunds, chargebacks and uses of credit take it, in the order of their own time: of
the invoice that is named, of the rest of the payment, and of its other invoices where none is named; a use takes the
oldest. A refund beyond all of it was of money that had settled invoices: it is given back. Where credit comes later,
the earliest that lacks some has it; where it goes, the latest that took of it lacks it. So which credit is whose
follows from the set of events alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from streams.core.rows import CreditEntryRow

LEFT, USED, CLAIMED, UNCLAIMED = range(4)
"""What may happen to credit, in the order in which it counts within one instant."""
Book = Literal["customer_credit", "given_back"]
Lot = tuple[str, str]
"""(invoice, payment) that left credit; one of the two is empty."""
_Line = tuple[Book, str, str, str]


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened to credit at a time (microseconds); `amount` in micros, below zero where credit goes.

    `kind` and `reference` name the cause within the member; `invoice_id` and `payment_id` the lot, or where to take it.
    """

    at: int
    rank: int
    kind: str
    reference: str
    is_test: bool
    currency: str
    amount: int
    invoice_id: str
    payment_id: str
    event_id: str
    ingested_at: int


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an entity contributes; the credit of an invoice is that of all the `payments` that it had."""

    payments: tuple[str, ...]
    moves: tuple[Move, ...]


class _Taker:
    """Who takes credit: what it took of which lot, and what it lacks. `line` is where that is shown."""

    def __init__(self, move: Move, line: _Line) -> None:
        self.move = move
        self.line = line
        self.taken: defaultdict[Lot, int] = defaultdict(int)
        self.lacking = 0


class _Credit:
    """The credit of an account in one currency, between two moves."""

    def __init__(self, payments: Mapping[str, frozenset[str]]) -> None:
        self._payments = payments
        self._free: dict[Lot, int] = {}
        self._takers: dict[str, _Taker] = {}
        self.changed: defaultdict[_Line, int] = defaultdict(int)

    def apply(self, member: str, move: Move) -> None:
        if move.rank == LEFT:
            lot = (move.invoice_id, move.payment_id)
            self._gain(lot, move.amount) if move.amount > 0 else self._lose(lot, -move.amount)
        elif move.rank == UNCLAIMED:
            self._release(self._takers.pop(f"{member}/{move.reference}"))
        else:
            taker = self._takers[f"{member}/{move.reference}"] = _Taker(move, _line(member, move))
            self._cover(taker, move.amount)

    def _gain(self, lot: Lot, amount: int) -> None:
        filled = min(max(-self._free.get(lot, 0), 0), amount)
        self._add(lot, filled)
        amount -= filled
        for taker in self._takers.values():
            if taker.lacking and self._may_take(taker.move, lot):
                found = min(taker.lacking, amount)
                self._lack(taker, -found)
                taker.taken[lot] += found
                amount -= found
        self._add(lot, amount)

    def _lose(self, lot: Lot, amount: int) -> None:
        free = min(max(self._free.get(lot, 0), 0), amount)
        self._add(lot, -free)
        amount -= free
        for taker in reversed(self._takers.values()):
            gone = min(taker.taken[lot], amount)
            if gone:
                taker.taken[lot] -= gone
                amount -= gone
                self._cover(taker, gone)
        self._add(lot, -amount)

    def _cover(self, taker: _Taker, amount: int) -> None:
        for lot in self._sources(taker.move):
            found = min(self._free[lot], amount)
            if found > 0:
                self._add(lot, -found)
                taker.taken[lot] += found
                amount -= found
        self._lack(taker, amount)

    def _release(self, taker: _Taker) -> None:
        self._lack(taker, -taker.lacking)
        for lot, amount in taker.taken.items():
            self._gain(lot, amount)

    def _sources(self, move: Move) -> Sequence[Lot]:
        """Lots to take from: those that are named, then what the payment left, then, for a use, the oldest."""
        lots = [lot for lot in self._free if self._may_take(move, lot)]
        named = (move.invoice_id, ""), ("", move.payment_id)
        if move.rank == USED:
            return sorted(lots, key=lambda lot: lot not in named)
        return sorted(lots, key=lambda lot: (lot != named[0], lot != named[1], lot))

    def _may_take(self, move: Move, lot: Lot) -> bool:
        if move.rank == USED:
            return True
        if move.kind == "returned":
            return lot == ("", move.payment_id)
        invoice, payment = lot
        if payment:
            return payment == move.payment_id
        return invoice == move.invoice_id if move.invoice_id else move.payment_id in self._payments.get(invoice, ())

    def _add(self, lot: Lot, amount: int) -> None:
        self._free[lot] = self._free.get(lot, 0) + amount
        self.changed["customer_credit", "left", *lot] += amount

    def _lack(self, taker: _Taker, amount: int) -> None:
        taker.lacking += amount
        self.changed[taker.line] += amount if taker.line[0] == "given_back" else -amount


def _line(member: str, move: Move) -> _Line:
    """Where what a taker lacks is shown: used credit that is not there is owed to us."""
    if move.rank == USED:
        return "customer_credit", "applied", member[1:], ""
    if move.kind == "returned":
        return "customer_credit", "returned", "", move.payment_id
    return "given_back", "given_back", move.invoice_id, move.payment_id


def rows(account: str, parts: Mapping[str, Part]) -> Sequence[CreditEntryRow]:
    """Every posting of an account's credit."""
    payments = {member[1:]: frozenset(part.payments) for member, part in parts.items() if member[0] == "b"}
    moves = sorted(
        ((move, member) for member, part in parts.items() for move in part.moves),
        key=lambda each: (each[0].at, each[0].rank, each[0].kind, each[1], each[0].reference),
    )
    held: dict[tuple[bool, str], _Credit] = {}
    written: list[CreditEntryRow] = []
    for move, member in moves:
        group = (move.is_test, move.currency)
        if group not in held:
            held[group] = _Credit(payments)
        credit = held[group]
        credit.apply(member, move)
        written.extend(_entries(account, member, move, credit.changed))
        credit.changed.clear()
    return written


def _entries(account: str, member: str, move: Move, changed: Mapping[_Line, int]) -> Iterator[CreditEntryRow]:
    cause = f"{move.kind}/{member}/{move.reference}"
    for (book, kind, invoice_id, payment_id), amount in changed.items():
        if amount:
            yield CreditEntryRow(
                account,
                f"{cause}/{book}/{kind}/{invoice_id}/{payment_id}",
                move.at,
                book,
                kind,
                invoice_id,
                payment_id,
                move.currency,
                max(-_MOST, min(amount, _MOST)),
                move.is_test,
                move.event_id,
                move.ingested_at,
            )


_MOST = 2**63 - 1
