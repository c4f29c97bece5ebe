"""Claims of money that was received: refunds and chargebacks take credit of the customer, until they end."""

from typing import NamedTuple

import msgspec

from streams.core.billing import credit, payment_entries
from streams.core.billing.credit import CLAIMED, UNCLAIMED, Move
from streams.core.billing.money import micros
from streams.core.billing.payment_entries import Asks, Claimed
from streams.core.events import DisputeOpened, PaymentRefunded
from streams.core.outputs import Outputs


class Claim(NamedTuple):
    """A claim: its member (prefix and name of the entity), its kind, since when it holds, and when that was stored."""

    member: str
    kind: str
    at: int
    is_test: bool
    stored: int


def hand_over(
    claim: Claim, told: PaymentRefunded | DisputeOpened, outputs: Outputs, end: str, ended: tuple[int, str] | None
) -> None:
    """Give a claim to the account's credit; `ended` is when, and by which event, what it took came back.

    One that names no invoice goes by way of its payment, which knows the invoices that it may take of.
    """
    amount = micros(told.amount, told.exponent)
    if told.payment_id is None or not amount:
        return
    moves = [
        Move(
            claim.at, CLAIMED, claim.kind, claim.member, "", claim.is_test, told.currency, amount,
            told.invoice_id or "", told.payment_id, told.event_id, claim.stored,
        )
    ]  # fmt: skip
    if ended is not None:
        at, event_id = max(ended[0], claim.at), ended[1]
        ends = (claim.at, claim.kind)
        moves.append(msgspec.structs.replace(moves[0], at=at, rank=UNCLAIMED, kind=end, event_id=event_id, ends=ends))
    for move in moves:
        if told.invoice_id:
            credit.hand_over(move, outputs)
        else:
            payment_entries.hand_over(told.payment_id, outputs, Asks(claim.member), Claimed(move))
