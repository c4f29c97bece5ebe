"""Monthly recurring revenue of a subscription's items: integers throughout, rounded once per item, half to even."""

from functools import lru_cache

import msgspec

from streams.core.billing.money import MAX_EXPONENT
from streams.core.events import BillingInterval, Discount, SubscriptionItem

_PER_MONTH: dict[BillingInterval, tuple[int, int]] = {
    "DAY": (365, 12),
    "WEEK": (52, 12),
    "MONTH": (1, 1),
    "YEAR": (1, 12),
}
_WHOLE = 10_000


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One item's share per month, in millionths: `mrr` as the policy counts it, `contract` before any discount."""

    item_id: str
    plan_id: str
    product_line: str
    mrr: int
    contract: int
    quantity: int


def half_even(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves to the even one. `denominator` is above 0."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2))


def counts(discount: Discount, choice: str, at: int, once_until: int) -> bool:
    """Return whether a policy takes the discount off at a moment. One for a single charge lasts for its period."""
    if choice == "none" or discount.kind == "UNKNOWN":
        return False
    ends_at = discount.ends_at
    if discount.duration == "FOREVER":
        return ends_at is None or at < ends_at
    if choice == "forever":
        return False
    if discount.duration == "REPEATING":
        return ends_at is None or at < ends_at
    return choice == "all" and at < (once_until if ends_at is None else ends_at)


@lru_cache(4096)
def line(item: SubscriptionItem, exponent: int, taken_off: tuple[bool, ...]) -> Line | None:
    """The item's line with the discounts that `taken_off` marks; None where it has no recurring revenue.

    Discounts apply in their order: a percentage of what is left, an amount off the charge, never below nothing. What
    is below nothing already, a rebate, has no amount to take off.
    """
    factor = _PER_MONTH.get(item.interval)
    if factor is None or item.interval_count < 1 or item.is_metered:
        return None
    times, over = factor[0], factor[1] * item.interval_count
    gross = charge = item.unit_amount * item.quantity
    scale = 1
    for discount, applies in zip(item.discounts, taken_off, strict=True):
        if applies and discount.kind == "PERCENT":
            charge *= _WHOLE - discount.value
            scale *= _WHOLE
        elif applies and charge > 0:
            charge = max(charge - discount.value * scale, 0)
    unit = times * 10 ** (MAX_EXPONENT - exponent)
    mrr, contract = half_even(charge * unit, over * scale), half_even(gross * unit, over)
    if mrr == contract == 0:
        return None
    return Line(item.item_id, item.plan_id, item.product_line or "", mrr, contract, item.quantity)
