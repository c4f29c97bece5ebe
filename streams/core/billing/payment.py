"""The payment: what came in as a whole, what invoices had of it from when on, and what waits as the customer's credit.

A payment is told in parts, by each invoice that it pays and perhaps by itself, in any order. It is a roll-up: each of
these contributes claims, and what waits is a function of them all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from streams.core.billing.credit import LEFT, Move, Part
from streams.core.billing.invoice import Invoice, used_at
from streams.core.billing.money import micros
from streams.core.billing.receipt import Receipt
from streams.core.billing.refund import Refund
from streams.core.events import InvoicePaid
from streams.core.rows import Row

Teller = Literal["invoice", "receipt", "refund"]


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one of them says of the payment, in micros: its part from `used_at` on, and the whole (0 for not told).

    `received_at` is when the money came, by who says so; a receipt has no part. Times are microseconds. A refund says
    when the money left, and how much: that is no part, and nothing that was used.
    """

    received_at: int
    used_at: int
    part: int
    whole: int
    said_by: Teller
    is_test: bool
    currency: str
    event_id: str
    ingested_at: int
    source: str


Claims = tuple[Claim, ...]


def of_invoice(invoice: Invoice) -> dict[str, Claims]:
    """What an invoice claims of each payment that was ever said to pay it; nothing of those that were taken back."""
    claims: dict[str, Claims] = {
        note.event.payment_id: () for note in invoice.every if isinstance(note.event, InvoicePaid)
    }
    for event in invoice.payments.values():
        claims[event.payment_id] = (
            Claim(
                event.paid_at,
                used_at(event, invoice.issued),
                micros(event.amount, event.exponent),
                micros(event.payment_amount or 0, event.exponent),
                "invoice",
                invoice.is_test,
                event.currency,
                event.event_id,
                invoice.stored[event.event_id],
                event.source,
            ),
        )
    return claims


def of_receipt(receipt: Receipt) -> Claims:
    """What a receipt says of its payment."""
    event = receipt.received
    if event is None:
        return ()
    at, whole, stored = event.received_at, micros(event.amount, event.exponent), receipt.stored[event.event_id]
    return (Claim(at, at, 0, whole, "receipt", receipt.is_test, event.currency, event.event_id, stored, event.source),)


def of_refund(refund: Refund) -> dict[str, Claims]:
    """Return what a refund gave back of its payment, and nothing of those that it was once said to be of."""
    claims: dict[str, Claims] = dict.fromkeys(refund.payments, ())
    told = refund.refunded
    if told is not None and refund.failed is None:
        at, amount, stored = told.refunded_at, micros(told.amount, told.exponent), refund.last.ingested_at
        claims[told.payment_id] = (
            Claim(at, at, amount, 0, "refund", refund.is_test, told.currency, told.event_id, stored, told.source),
        )
    return claims


def waiting(payment_id: str, parts: Mapping[str, Claims]) -> Part | tuple[()]:
    """What of a payment waits to be used, as the account's credit."""
    groups: defaultdict[tuple[bool, str], list[Claim]] = defaultdict(list)
    for claims in parts.values():
        for claim in claims:
            if claim.said_by != "refund":
                groups[claim.is_test, claim.currency].append(claim)
    moves = [move for _, group in sorted(groups.items()) for move in _moves(payment_id, group)]
    return Part((payment_id,), tuple(moves)) if moves else ()


def _moves(payment_id: str, claims: list[Claim]) -> Iterator[Move]:
    """What changes at each instant at which money came or was used; what is used beyond the whole came with its use."""
    came: defaultdict[int, list[tuple[int, Claim]]] = defaultdict(list)
    for amount, claim in _received(claims):
        came[claim.received_at].append((amount, claim))
    for claim in claims:
        if claim.part:
            came[claim.used_at].append((-claim.part, claim))
    name = f"{claims[0].currency}/test" if claims[0].is_test else claims[0].currency
    had = used = before = 0
    for at in sorted(came):
        had += sum(amount for amount, _ in came[at] if amount > 0)
        used -= sum(amount for amount, _ in came[at] if amount < 0)
        rest = max(had - used, 0)
        if rest != before:
            _, cause = max(came[at], key=lambda each: ((each[0] > 0) == (rest > before), each[1].event_id))
            yield Move(
                at, LEFT, "rest", f"{at}/{name}", claims[0].is_test, cause.currency, rest - before, "", payment_id,
                cause.event_id, cause.ingested_at,
            )  # fmt: skip
        before = rest


def _received(claims: list[Claim]) -> Iterator[tuple[int, Claim]]:
    """Amounts that came in: the whole once, by whoever says how much it was; without it every part by itself."""
    receipts = [claim for claim in claims if claim.said_by == "receipt"]
    if receipts:
        yield receipts[0].whole, receipts[0]
        return
    whole = max(claim.whole for claim in claims)
    if whole:
        yield whole, min(claims, key=lambda claim: (claim.received_at, claim.event_id))
        return
    for claim in claims:
        yield claim.part, claim


def nothing(_account: str, _parts: Mapping[str, Claims]) -> Sequence[Row]:
    """A payment leaves its rows with those that tell of it."""
    return ()
