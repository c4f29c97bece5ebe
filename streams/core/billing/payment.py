"""The payment: what came in as a whole, what invoices had of it from when on, and what waits as the customer's credit.

A payment is told in parts, by each invoice that it pays and perhaps by itself, in any order. It is a ledger. What is
told of the whole comes first, because what came in follows from it; then what was used, in order of time; then what
became of it, invoice by invoice; then refunds and chargebacks, because of which invoices' credit they may take follows
from whom it paid.
"""

from collections.abc import Sequence

import msgspec

from streams.core.billing import collection, credit
from streams.core.billing.collection import CameBack, Failure
from streams.core.billing.credit import Move
from streams.core.billing.money import within
from streams.core.billing.payment_entries import (
    PREFIX,
    Asks,
    Claimed,
    Failed,
    GivenBack,
    Paid,
    PaymentEntry,
    Returned,
    Told,
    Used,
    sort_key,
)
from streams.core.billing.payment_measures import part_measure, whole_measures
from streams.core.billing.payment_money import Money
from streams.core.declarations import Ledger
from streams.core.outputs import Outputs, Scope
from streams.core.rows_receivable import PaymentAttemptRow


class Payment(msgspec.Struct, array_like=True, gc=False):
    """A payment, between two entries.

    `moneys` are by currency, tests apart. Of the invoice whose entries come now it has the attempt, what came back of
    it in micros by currency, and when an attempt failed last. `given_back` is what refunds gave back, in micros by
    currency. `invoices` are those that it paid, where a claim asks.
    """

    account_id: str
    payment_id: str
    moneys: dict[str, Money] = {}
    invoice_id: str = ""
    paid: Paid | None = None
    returned: dict[str, int] = {}
    failed_at: int = 0
    given_back: dict[str, int] = {}
    is_asked: bool = False
    invoices: list[str] = []


def apply(payment: Payment, entry: PaymentEntry, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next entry."""
    match entry:
        case Told():
            _money(payment, entry).tell(entry)
        case Asks():
            payment.is_asked = True
        case GivenBack():
            payment.given_back[entry.currency] = within(payment.given_back.get(entry.currency, 0) + entry.amount)
        case Used():
            money = _money(payment, entry)
            _move(payment, money.moves(entry), sealed)
            if sealed is not None:
                sealed.measures.update(part_measure(entry, money))
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
        outputs.measures.update(whole_measures(money, payment.given_back))
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
        if sealed is not None:
            sealed.measures.update(whole_measures(money, payment.given_back))
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
    """Hand over the outcome of an invoice's attempt; a payment that came back as a whole did not succeed."""
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


PAYMENT_LEDGER = Ledger(
    kind="payment",
    prefix=PREFIX,
    entry=PaymentEntry,
    accumulator=Payment,
    apply=apply,
    project=project,
    sort_key=sort_key,
    start=Payment,
)
