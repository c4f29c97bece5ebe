"""Net the changes of an account at one moment into one movement: its kind, and what nets against what."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from streams.core.billing.steps import Step

Slot = tuple[str, str, str]
"""Currency, plan, product line: what amounts are kept apart by within a subscription."""
NETTED = frozenset({"expansion", "contraction", "transfer"})
"""Kinds that follow from a net."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """One subscription's change at one moment, as far as one slot is concerned; `rested` in a pause from revenue."""

    subscription_id: str
    rested: bool
    before: Step
    after: Step
    slot: Slot
    old: int
    new: int

    @property
    def amount(self) -> int:
        return self.new - self.old


class Net(msgspec.Struct, frozen=True, gc=False):
    """The net of one moment: the days whose exchange rates count after it, by currency, and whether rates meet."""

    rates: dict[str, int]
    crosses: bool

    @classmethod
    def of(cls, changes: Sequence[Change], kinds: Sequence[str]) -> "Net":
        netted = [change for change, kind in zip(changes, kinds, strict=True) if kind in NETTED]
        rates: dict[str, int] = {}
        for change in netted:
            if change.new:
                currency = change.slot[0]
                rates[currency] = max(change.after.rate_at, rates.get(currency, 0))
        net = cls(rates, crosses=False)
        valued = {(change.slot[0], net.rate_at(change)) for change in netted}
        return cls(rates, crosses=True) if len(valued) > 1 else net

    def rate_at(self, change: Change) -> int:
        """The day whose rate values a change: what makes room for more in its currency is valued as that."""
        if change.new:
            return change.after.rate_at
        return self.rates.get(change.slot[0], change.before.rate_at)


def kinds_of(changes: Sequence[Change], *, was: bool, ever: bool, stays: bool) -> list[str]:
    """The kind of each change. What happens to an account at one moment is one movement, except for pauses."""
    own = [_pause(change) if was else "" for change in changes]
    net: defaultdict[str, int] = defaultdict(int)
    for change, kind in zip(changes, own, strict=True):
        if not kind:
            net[change.slot[0]] += change.amount
    return [
        kind or _kind(change, net[change.slot[0]], was, ever, stays) for change, kind in zip(changes, own, strict=True)
    ]


def _pause(change: Change) -> str:
    before, after = change.before, change.after
    if after.is_paused and before.total > 0:
        return "pause"
    return "resume" if change.rested and after.total > 0 else ""


def _kind(change: Change, net: int, was: bool, ever: bool, stays: bool) -> str:
    if change.old == change.new != 0:
        return "fx"
    if not was and stays:
        return "reactivation" if ever else "new"
    if was and not stays:
        return "churn"
    if net == 0:
        return "transfer"
    return "expansion" if net > 0 else "contraction"
