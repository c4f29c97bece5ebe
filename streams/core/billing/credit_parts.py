"""What invoices, receipts, refunds and disputes contribute to the credit of their account."""

from collections.abc import Iterator, Mapping

import msgspec

from streams.core.billing.credit import CLAIMED, LEFT, UNCLAIMED, USED, Move, Part
from streams.core.billing.dispute import Dispute
from streams.core.billing.invoice import Invoice
from streams.core.billing.money import micros
from streams.core.billing.payment import Claims, of_invoice, of_receipt, of_refund
from streams.core.billing.receipt import Receipt
from streams.core.billing.receivable import books
from streams.core.billing.refund import Refund
from streams.core.rules import Rules

_GIVES_BACK = frozenset({"WON", "WITHDRAWN"})
"""Ends of a claim with which the money comes back to us."""


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What an entity hands on: moves of credit, and claims by payment."""

    credit: Part | tuple[()] = ()
    claims: Mapping[str, Claims] = {}


def of_an_invoice(invoice: Invoice | None, _rules: Rules) -> Contribution:
    """An invoice leaves credit where more came in than it asked for, and uses what others left."""
    if invoice is None:
        return Contribution()
    moves = tuple(_invoice_moves(invoice)) if invoice.stored else ()
    return Contribution(Part(tuple(sorted(invoice.payments)), moves) if moves else (), of_invoice(invoice))


def _invoice_moves(invoice: Invoice) -> Iterator[Move]:
    for entry in books(invoice).entries:
        if entry.book != "customer_credit":
            continue
        rank, kind, amount, source = LEFT, entry.kind, entry.amount, (invoice.invoice_id, "")
        if entry.kind == "credit_applied":
            use = invoice.applied.get(entry.name.removeprefix("credit_applied/customer_credit/"))
            rank, amount = USED, -entry.amount
            source = ("", "") if use is None else (use.credit_invoice_id or "", use.payment_id or "")
        yield Move(
            entry.at, rank, kind, entry.name, invoice.is_test, entry.currency, amount, *source,
            entry.event_id, invoice.stored[entry.event_id],
        )  # fmt: skip


def of_a_receipt(receipt: Receipt | None, _rules: Rules) -> Contribution:
    """A receipt is part of its payment; what banks take back of it takes the credit that it left."""
    if receipt is None:
        return Contribution()
    moves = tuple(
        Move(
            event.returned_at, CLAIMED, "returned", event.return_id, receipt.is_test, event.currency,
            micros(event.amount, event.exponent), "", event.payment_id, event.event_id, receipt.stored[event.event_id],
        )
        for event in receipt.returns.values()
    )  # fmt: skip
    return Contribution(Part((), moves) if moves else (), {receipt.payment_id: of_receipt(receipt)})


def of_a_refund(refund: Refund | None, _rules: Rules) -> Contribution:
    """A refund takes credit, until it fails, and is part of what is known of its payment."""
    if refund is None:
        return Contribution()
    told, failed, claims = refund.refunded, refund.failed, of_refund(refund)
    if told is None:
        return Contribution(claims=claims)
    ended = None if failed is None else (failed.occurred_at, failed.event_id)
    claimed = Move(
        told.refunded_at, CLAIMED, "refunded", "", _is_test(told, failed), told.currency,
        micros(told.amount, told.exponent), told.invoice_id or "", told.payment_id, told.event_id,
        refund.last.ingested_at,
    )  # fmt: skip
    return Contribution(_claim(claimed, "refund_failed", ended), claims)


def of_a_dispute(dispute: Dispute | None, _rules: Rules) -> Contribution:
    """A chargeback takes credit, until it is won or withdrawn; the dispute of an invoice moves no money."""
    told = None if dispute is None else dispute.opened
    if dispute is None or told is None or told.payment_id is None:
        return Contribution()
    closed = dispute.closed
    ended = None if closed is None or closed.outcome not in _GIVES_BACK else (closed.occurred_at, closed.event_id)
    claimed = Move(
        told.occurred_at, CLAIMED, "charged_back", "", _is_test(told, closed), told.currency,
        micros(told.amount, told.exponent), told.invoice_id or "", told.payment_id, told.event_id,
        dispute.last.ingested_at,
    )  # fmt: skip
    return Contribution(_claim(claimed, "claim_ended", ended))


def _is_test(*events: object) -> bool:
    return any(getattr(event, "is_test", False) for event in events)


def _claim(claimed: Move, end: str, ended: tuple[int, str] | None) -> Part | tuple[()]:
    """What takes credit and, where it ended, gives it back."""
    if claimed.amount == 0:
        return ()
    moves = [claimed]
    if ended is not None:
        at, event_id = max(ended[0], claimed.at), ended[1]
        moves.append(msgspec.structs.replace(claimed, at=at, rank=UNCLAIMED, kind=end, event_id=event_id))
    return Part((), tuple(moves))
