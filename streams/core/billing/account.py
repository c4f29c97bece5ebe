"""An account in its MRR ledger: what its subscriptions bring together, kept as sums while they move."""

import msgspec

from streams.core.billing.revenue import Move
from streams.core.billing.steps import Step


class Account(msgspec.Struct, array_like=True, gc=False):
    """Sums over the subscriptions of an account by one policy, and whether it ever paid.

    `totals` are monthly revenue by currency, in millionths; `resting` counts subscriptions that are paused out of
    revenue; `lines` counts items that bring revenue, by product line. Sums that are 0 are left out, so that equal
    accounts compare equal.
    """

    ever: bool = False
    totals: dict[str, int] = {}
    resting: int = 0
    lines: dict[str, int] = {}

    def copy(self) -> "Account":
        return Account(self.ever, dict(self.totals), self.resting, dict(self.lines))

    def move(self, move: Move, sign: int = 1) -> None:
        """Let a subscription's step take the place of the one before; take that back with a sign of -1."""
        self._count(move.before, -sign)
        self._count(move.after, sign)
        self.resting += sign * (move.rests - move.rested)

    def add(self, other: "Account") -> None:
        """Add the sums of others."""
        for currency, amount in other.totals.items():
            _add(self.totals, currency, amount)
        for line, count in other.lines.items():
            _add(self.lines, line, count)
        self.resting += other.resting

    def _count(self, step: Step, sign: int) -> None:
        for line in step.lines:
            _add(self.totals, step.currency, sign * line.mrr)
            if line.mrr > 0:
                _add(self.lines, line.product_line, sign)

    def is_customer(self) -> bool:
        """Return whether it pays, or has paid and is only paused."""
        return max(self.totals.values(), default=0) > 0 or (self.resting > 0 and self.ever)


def _add(sums: dict[str, int], name: str, amount: int) -> None:
    left = sums.get(name, 0) + amount
    if left:
        sums[name] = left
    else:
        sums.pop(name, None)
