"""The movement of an account at one moment: sums over its subscriptions, and what follows for each of them.

What happens to an account at one moment is one movement, except for pauses. So the kind of each change follows from all
of them together. Sums are enough for it: they do not grow with the number of subscriptions.
"""

from collections.abc import Iterator, Sequence

import msgspec

from streams.core.billing.account import Account
from streams.core.billing.revenue import Move
from streams.core.billing.steps import Step

Slot = tuple[str, str, str]
"""Currency, plan, product line: what amounts are kept apart by within a subscription."""
Days = tuple[int, int, int]
"""Number of days whose exchange rates count, the first and the last of them."""
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

    @property
    def pause(self) -> str:
        """Return pause or resume, as which it counts in an account that pays; empty for neither."""
        if self.after.is_paused and self.before.total > 0:
            return "pause"
        return "resume" if self.rested and self.after.total > 0 else ""


def changes_of(name: str, move: Move) -> list[Change]:
    """Return what differs by slot, exchange rates included; an end during a pause differs in nothing but itself."""
    rested, before, after = move.rested, move.before, move.after
    old, new = _amounts(before), _amounts(after)
    if not old and not new:
        slot = (before.currency, "", "")
        return [Change(name, rested, before, after, slot, 0, 0)] if rested and not after.is_paused else []
    found = []
    for slot in sorted(old.keys() | new.keys()):
        was, now = old.get(slot, 0), new.get(slot, 0)
        if was != now or (was and before.rate_at != after.rate_at):
            found.append(Change(name, rested, before, after, slot, was, now))
    return found


def _amounts(step: Step) -> dict[Slot, int]:
    found: dict[Slot, int] = {}
    for line in step.lines:
        slot = (step.currency, line.plan_id, line.product_line)
        found[slot] = found.get(slot, 0) + line.mrr
    return {slot: amount for slot, amount in found.items() if amount}


class Sum(msgspec.Struct, array_like=True, gc=False):
    """Changes in one currency: their amount, and the days of those that leave revenue and of those that leave none.

    What only another exchange rate changes has no part in it.
    """

    amount: int = 0
    left: Days | None = None
    gone: Days | None = None

    def add(self, change: Change) -> None:
        if change.old == change.new != 0:
            return
        self.amount += change.amount
        if change.new:
            self.left = _spanned(self.left, (1, change.after.rate_at, change.after.rate_at))
        else:
            self.gone = _spanned(self.gone, (1, change.before.rate_at, change.before.rate_at))

    def take(self, change: Change) -> bool:
        """Take a change back; return False where only all others could tell which days are left."""
        if change.old == change.new != 0:
            return True
        self.amount -= change.amount
        rate_at, days = (change.after.rate_at, self.left) if change.new else (change.before.rate_at, self.gone)
        if days is None or (days[1] != days[2] and rate_at in days[1:]):
            return False
        found = (days[0] - 1, *days[1:]) if days[0] > 1 else None
        if change.new:
            self.left = found
        else:
            self.gone = found
        return True

    def with_other(self, other: "Sum") -> "Sum":
        return Sum(self.amount + other.amount, _spanned(self.left, other.left), _spanned(self.gone, other.gone))


def _spanned(one: Days | None, other: Days | None) -> Days | None:
    if one is None or other is None:
        return one or other
    return one[0] + other[0], min(one[1], other[1]), max(one[2], other[2])


class Summary(msgspec.Struct, array_like=True, gc=False):
    """Everything that subscriptions do at one moment by one policy: sums by currency, those of pauses apart.

    `account` is what they add to the sums of the account.
    """

    account: Account = msgspec.field(default_factory=Account)
    sums: dict[str, Sum] = {}
    pauses: dict[str, Sum] = {}

    def add(self, move: Move, changes: Sequence[Change]) -> None:
        self.account.move(move)
        for change in changes:
            sums = self.pauses if change.pause else self.sums
            sums.setdefault(change.slot[0], Sum()).add(change)

    def take(self, move: Move, changes: Sequence[Change]) -> bool:
        """Take a move back; return False where only all others could tell what is left."""
        self.account.move(move, -1)
        sums = ((self.pauses if change.pause else self.sums).get(change.slot[0], Sum()) for change in changes)
        return all(each.take(change) for each, change in zip(sums, changes, strict=True))


class Verdict(msgspec.Struct, array_like=True, gc=False):
    """The part that rows need of what an account was before a moment, and of all that happened at it.

    `signs` are those of the net by currency, `rates` the days whose exchange rates count after it; both are empty where
    the account comes or goes. `crosses` says that rates meet, `lines` are product lines with revenue before it.
    """

    was: bool
    ever: bool
    stays: bool
    signs: dict[str, int]
    rates: dict[str, int]
    crosses: bool
    lines: list[str]

    def kind(self, change: Change) -> str:
        """Return the kind of a change."""
        if self.was and change.pause:
            return change.pause
        if change.old == change.new != 0:
            return "fx"
        if self.was != self.stays:
            return "churn" if self.was else ("reactivation" if self.ever else "new")
        sign = self.signs.get(change.slot[0], 0)
        return "transfer" if sign == 0 else ("expansion" if sign > 0 else "contraction")

    def rate_at(self, change: Change) -> int:
        """The day whose rate values a change: what makes room for more in its currency is valued as that."""
        if change.new:
            return change.after.rate_at
        return self.rates.get(change.slot[0], change.before.rate_at)


def judge(account: Account, summary: Summary) -> Verdict:
    """Return the verdict on a moment, by what the account was before it."""
    was, after = account.is_customer(), account.copy()
    after.add(summary.account)
    lines = sorted(account.lines)
    if was != after.is_customer():
        return Verdict(was, account.ever, not was, {}, {}, crosses=False, lines=lines)
    sums = summary.sums if was else dict(_together(summary))
    days = [found for each in sums.values() if (found := each.left or each.gone) is not None]
    return Verdict(
        was,
        account.ever,
        was,
        {currency: (each.amount > 0) - (each.amount < 0) for currency, each in sums.items()},
        {currency: each.left[2] for currency, each in sums.items() if each.left is not None},
        crosses=len(days) > 1 or any(first != last for _, first, last in days),
        lines=lines,
    )


def _together(summary: Summary) -> Iterator[tuple[str, Sum]]:
    for currency in summary.sums.keys() | summary.pauses.keys():
        yield currency, summary.sums.get(currency, Sum()).with_other(summary.pauses.get(currency, Sum()))
