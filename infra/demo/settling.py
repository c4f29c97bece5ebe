"""Pay out, as the card processor: month by month what it took in, less refunds, chargebacks and its fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.deals import PERIOD, PERIODS
from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, START, Account

if TYPE_CHECKING:
    from collections.abc import Iterable

PROCESSOR = Account("demo-processor", "The card processor", "US", 0.0, ())
_CURRENCY = "USD"
_FEE_PARTS = 33
SHORT = 500
"""Minor units that the second payout lacks: a break that somebody has to find."""


def _signed(told: Told) -> tuple[int, int]:
    """Return when an event moved the processor's balance, and by how much in minor units."""
    kind, fields = told
    if fields.get("currency") != _CURRENCY:
        return 0, 0
    match kind:
        case "invoice_paid" if fields["method"] == "card":
            return fields["paid_at"], fields["amount"]
        case "payment_refunded":
            return fields["refunded_at"], -fields["amount"]
        case "dispute_opened" if "payment_id" in fields:
            return fields["occurred_at"], -fields["amount"] - fields["fee"]
        case _:
            return 0, 0


def payouts(stories: Iterable[list[Told]], seed: int) -> list[Told]:
    """Return a payout for each period of the processor, from everything that accounts have told."""
    voice, moved = Voice(PROCESSOR, seed), [_signed(told) for story in stories for told in story]
    found = []
    for period in range(PERIODS):
        start, end = START + period * PERIOD, START + (period + 1) * PERIOD
        amounts = [amount for at, amount in moved if start <= at < end]
        fees = sum(amount for amount in amounts if amount > 0) // _FEE_PARTS
        found.append(
            voice.event(
                "payout_settled", end + 2 * DAY, payout_id=voice.name("payout"), currency=_CURRENCY, exponent=2,
                amount=sum(amounts) - fees - (SHORT if period == 1 else 0), fees=fees, balance_change=0,
                period_start=start, period_end=end, settled_at=end + 2 * DAY,
            )
        )  # fmt: skip
    return found
