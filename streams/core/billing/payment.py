"""The payment: what came in as a whole, what invoices had of it from when on, and what waits as the customer's credit.

A payment is told in parts, by each invoice that it pays and perhaps by itself, in any order. It is a ledger. What is
told of the whole comes first, because what came in follows from it; then what was used, in order of time; then what
became of it, invoice by invoice; then refunds and chargebacks, because of which invoices' credit they may take follows
from whom it paid.
"""

from collections.abc import Sequence

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing import collection, credit
from streams.core.billing.collection import CameBack, Failure
from streams.core.billing.credit import LEFT, Move
from streams.core.billing.money import within
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows import PaymentAttemptRow

PREFIX = "q"
Cause = tuple[str, int]
"""(event, when Kafka stored it)."""


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="t"):
    """What one member says of the whole: when the money came, and how much it was in micros (0 for not told)."""

    member: str
    received_at: int
    whole: int
    is_receipt: bool
    is_test: bool
    currency: str
    cause: Cause


class Used(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="u"):
    """The part of an invoice, in micros: what came for it at a time, if nobody tells of the whole, and what it used."""

    at: int
    member: str
    came: int
    used: int
    is_test: bool
    currency: str
    cause: Cause


class Paid(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="p"):
    """The attempt that succeeded, of one invoice."""

    invoice_id: str
    at: int
    attempt_no: int
    is_first: bool
    currency: str
    amount: int
    is_test: bool
    event_id: str


class Returned(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="r"):
    """What a bank took back of what an invoice had; `name` is unique within the invoice."""

    invoice_id: str
    name: str
    at: int
    currency: str
    amount: int
    return_code: str
    is_test: bool
    event_id: str


class Failed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="f"):
    """An attempt of the payment that is said to have failed."""

    invoice_id: str
    attempt_no: int
    at: int


class Asks(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="a"):
    """Tells in advance that there is a claim."""

    member: str


class Claimed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="c"):
    """What takes credit of whichever invoice the payment was for, or gives it back."""

    move: Move


PaymentEntry = Told | Used | Paid | Returned | Failed | Asks | Claimed


def sort_key(entry: PaymentEntry) -> SortKey:
    match entry:
        case Told():
            return 0, 0, entry.member, 0, ""
        case Asks():
            return 0, 0, entry.member, 1, ""
        case Used():
            return 1, entry.at, entry.member, 0, ""
        case Paid():
            return 2, 0, entry.invoice_id, 0, ""
        case Returned():
            return 2, 0, entry.invoice_id, 1, entry.name
        case Failed():
            return 2, 0, entry.invoice_id, 2, str(entry.attempt_no)
        case Claimed():
            return 3, entry.move.at, entry.move.member, entry.move.rank, entry.move.reference


def hand_over(payment_id: str, outputs: Outputs, *entries: PaymentEntry) -> None:
    """Give entries to a payment."""
    for entry in entries:
        outputs.entries[Handover(PREFIX, payment_id, sort_key(entry))] = entry


class Money(msgspec.Struct, array_like=True, gc=False):
    """The money of a payment in one currency, between two instants, in micros.

    `whole` came at `came_at`, where it is told, which `is_in` once it has been added. `gained` and `lost` are what
    happened at the instant `at`.
    """

    is_test: bool
    currency: str
    whole: int = 0
    is_receipt: bool = False
    came_at: int = 0
    came_by: Cause | None = None
    is_in: bool = False
    had: int = 0
    used: int = 0
    rest: int = 0
    at: int = 0
    gained: Cause | None = None
    lost: Cause | None = None

    def tell(self, told: Told) -> None:
        """Learn of the whole: a receipt tells it, else the largest of what invoices tell, received first of all."""
        if self.is_receipt:
            return
        if told.is_receipt:
            self.is_receipt, self.whole, self.came_at, self.came_by = True, told.whole, told.received_at, told.cause
            return
        self.whole = max(self.whole, told.whole)
        if self.came_by is None or (told.received_at, told.cause) < (self.came_at, self.came_by):
            self.came_at, self.came_by = told.received_at, told.cause

    def use(self, entry: Used) -> Move | None:
        """Take a part; return what the instant before left to wait."""
        waited = self._until(entry.at)
        if entry.came and not self.whole:
            self._gain(entry.came, entry.cause)
        if entry.used:
            self.used = within(self.used + entry.used)
            self.lost = entry.cause if self.lost is None else max(self.lost, entry.cause)
        return waited

    def moves(self, entry: Used | None) -> Sequence[Move]:
        """Return what changes up to a part, and let it in; None for the end."""
        found = []
        until = None if entry is None else entry.at
        if self.whole and not self.is_in and (until is None or self.came_at <= until):
            assert self.came_by is not None
            found.append(self._until(self.came_at))
            self._gain(self.whole, self.came_by)
            self.is_in = True
        found.append(self._until(None) if entry is None else self.use(entry))
        return [move for move in found if move is not None]

    def _gain(self, amount: int, cause: Cause) -> None:
        self.had = within(self.had + amount)
        self.gained = cause if self.gained is None else max(self.gained, cause)

    def _until(self, at: int | None) -> Move | None:
        """Leave an instant for another one; return what changed in it. What is used beyond the whole came with it."""
        if self.at == at:
            return None
        left, self.at = self.at, 0 if at is None else at
        before, self.rest = self.rest, max(self.had - self.used, 0)
        cause = self.gained if self.rest > before else self.lost
        self.gained = self.lost = None
        if self.rest == before:
            return None
        assert cause is not None
        name = f"{self.currency}/test" if self.is_test else self.currency
        return Move(
            left, LEFT, "rest", "", f"{left}/{name}", self.is_test, self.currency, self.rest - before, "", "", *cause
        )


class Payment(msgspec.Struct, array_like=True, gc=False):
    """A payment, between two entries.

    `moneys` are by currency, tests apart. Of the invoice whose entries come now it has the attempt, what came back of
    it in micros by currency, and when an attempt failed last. `invoices` are those that it paid, where a claim asks.
    """

    account_id: str
    payment_id: str
    moneys: dict[str, Money] = {}
    invoice_id: str = ""
    paid: Paid | None = None
    returned: dict[str, int] = {}
    failed_at: int = 0
    is_asked: bool = False
    invoices: list[str] = []


def apply(payment: Payment, entry: PaymentEntry, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next entry."""
    match entry:
        case Told():
            _money(payment, entry).tell(entry)
        case Asks():
            payment.is_asked = True
        case Used():
            _move(payment, _money(payment, entry).moves(entry), sealed)
        case Paid() | Returned() | Failed():
            _become(payment, entry, sealed)
        case Claimed():
            _close(payment, sealed)
            if sealed is not None:
                invoices = tuple(sorted(payment.invoices))
                credit.hand_over(msgspec.structs.replace(entry.move, invoices=invoices), sealed)


def project(payment: Payment, _scope: Scope, outputs: Outputs) -> None:
    """List what the last instant and the last invoice come to."""
    for _, money in sorted(payment.moneys.items()):
        _move(payment, msgspec.structs.replace(money).moves(None), outputs)
    _close_invoice(payment, outputs)


def _money(payment: Payment, entry: Told | Used) -> Money:
    name = f"{entry.currency}/test" if entry.is_test else entry.currency
    return payment.moneys.setdefault(name, Money(entry.is_test, entry.currency))


def _move(payment: Payment, moves: Sequence[Move], outputs: Outputs | None) -> None:
    if outputs is not None:
        for move in moves:
            named = {"member": f"{PREFIX}{payment.payment_id}", "payment_id": payment.payment_id}
            credit.hand_over(msgspec.structs.replace(move, **named), outputs)


def _close(payment: Payment, sealed: Outputs | None) -> None:
    """End what came before the claims, of which they need no more than the invoices."""
    _close_moneys(payment, sealed)
    _close_invoice(payment, sealed)
    payment.invoice_id, payment.paid, payment.returned, payment.failed_at = "", None, {}, 0


def _close_moneys(payment: Payment, sealed: Outputs | None) -> None:
    for _, money in sorted(payment.moneys.items()):
        _move(payment, money.moves(None), sealed)
    payment.moneys = {}


def _become(payment: Payment, entry: Paid | Returned | Failed, sealed: Outputs | None) -> None:
    """Take what became of the part of one invoice; once the next one begins, nothing changes any more."""
    _close_moneys(payment, sealed)
    if entry.invoice_id != payment.invoice_id:
        _close_invoice(payment, sealed)
        payment.invoice_id, payment.paid, payment.returned, payment.failed_at = entry.invoice_id, None, {}, 0
    match entry:
        case Paid():
            payment.paid = entry
            if payment.is_asked:
                payment.invoices.append(entry.invoice_id)
        case Returned():
            payment.returned[entry.currency] = within(payment.returned.get(entry.currency, 0) + entry.amount)
            if sealed is not None:
                _came_back(payment, entry, sealed)
        case Failed():
            payment.failed_at = max(payment.failed_at, entry.at)


def _close_invoice(payment: Payment, outputs: Outputs | None) -> None:
    """Tell the attempt of an invoice; a payment that came back as a whole did not succeed."""
    paid = payment.paid
    if paid is None or outputs is None:
        return
    is_returned = payment.returned.get(paid.currency, 0) >= paid.amount
    outputs.rows.append(
        PaymentAttemptRow(
            payment.account_id,
            paid.invoice_id,
            f"paid:{payment.payment_id}",
            "returned" if is_returned else "succeeded",
            paid.at,
            paid.attempt_no,
            paid.is_first,
            paid.currency,
            paid.amount,
            payment.payment_id,
            "",
            "",
            None,
            paid.is_test,
            paid.event_id,
        )
    )
    has_failed = payment.failed_at > paid.at
    if payment.returned or has_failed:
        later = CameBack(
            paid.at, payment.payment_id, dict(payment.returned), is_returned, paid.is_first, failed=has_failed
        )
        collection.hand_over(paid.invoice_id, later, outputs)


def _came_back(payment: Payment, entry: Returned, outputs: Outputs) -> None:
    """A return is a failure that came late: it has a row of its own, with the number of the attempt that it undoes."""
    number = 1 if payment.paid is None else payment.paid.attempt_no
    name = f"returned:{entry.name}"
    outputs.rows.append(
        PaymentAttemptRow(
            payment.account_id,
            entry.invoice_id,
            name,
            "failed",
            entry.at,
            number,
            False,
            entry.currency,
            entry.amount,
            payment.payment_id,
            entry.return_code,
            "UNKNOWN",
            None,
            entry.is_test,
            entry.event_id,
        )
    )
    collection.hand_over(entry.invoice_id, Failure(entry.at, number, name, entry.currency, entry.amount), outputs)
