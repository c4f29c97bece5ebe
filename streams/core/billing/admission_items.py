"""Rules for the items of a subscription and the lines of an invoice."""

from streams.core.billing.money import MAX_MICROS, micros
from streams.core.events import InvoiceIssued, InvoiceLine, SubscriptionChanged, SubscriptionItem, SubscriptionStarted
from streams.core.limits import MAX_ITEMS, Refusal, repeated, unfit_id, unfit_moment

PERCENT = 10_000
"""A whole, in the hundredths of a percent that discounts are given in."""
MAX_ENDS = 10_000
_CHARGES_A_MONTH = {"DAY": 31, "WEEK": 5}


def items(event: SubscriptionStarted | SubscriptionChanged) -> Refusal | None:
    """Return why the items cannot be taken, or None; together they must stay within what a month's revenue can hold."""
    a_month = 0
    for item in event.items:
        refusal = _item(item)
        if refusal is not None:
            return refusal
        charge = abs(micros(item.quantity * item.unit_amount, event.exponent))
        a_month += charge * _CHARGES_A_MONTH.get(item.interval, 1)
    if a_month > MAX_MICROS:
        return "invalid_field", "unit_amount times quantity is out of range"
    return repeated("items", [item.item_id for item in event.items]) or _too_many_discounts(event.items)


def _too_many_discounts(given: tuple[SubscriptionItem, ...]) -> Refusal | None:
    """Revenue is worked out, and kept, for every item at every end of a discount."""
    discounts = [discount for item in given for discount in item.discounts]
    if len(discounts) > MAX_ITEMS:
        return "too_many_items", f"more than {MAX_ITEMS} discounts"
    ends = {discount.ends_at for discount in discounts if discount.ends_at is not None}
    if len(given) * len(ends) > MAX_ENDS:
        return "too_many_items", f"items times different ends of discounts are more than {MAX_ENDS}"
    return None


def _item(item: SubscriptionItem) -> Refusal | None:
    if item.quantity < 0:
        return "invalid_field", f"the quantity of {item.item_id[:64]!r} is negative"
    if item.interval_count < 1:
        return "invalid_field", f"the interval_count of {item.item_id[:64]!r} is below 1"
    for discount in item.discounts:
        if discount.value < 0 or (discount.kind == "PERCENT" and discount.value > PERCENT):
            return "invalid_field", f"a discount of {item.item_id[:64]!r} is below nothing or above the whole"
        if discount.duration == "REPEATING" and discount.ends_at is None:
            return "invalid_field", f"a repeating discount of {item.item_id[:64]!r} has no ends_at"
        refusal = unfit_moment("ends_at of a discount", discount.ends_at)
        if refusal is not None:
            return refusal
    return unfit_id("item_id", item.item_id) or unfit_id("plan_id", item.plan_id)


def lines(event: InvoiceIssued) -> Refusal | None:
    """Return why the lines cannot be taken, or None; an invoice may have none, otherwise they add up to its total."""
    if not event.lines:
        return None
    for line in event.lines:
        refusal = _line(line, event.exponent)
        if refusal is not None:
            return refusal
    sum_of_lines = sum(line.amount for line in event.lines)
    if sum_of_lines != event.total:
        return "invalid_field", f"the lines add up to {sum_of_lines}, the total is {event.total}"
    return repeated("lines", [line.line_id for line in event.lines])


def _line(line: InvoiceLine, exponent: int) -> Refusal | None:
    if any(abs(micros(amount, exponent)) > MAX_MICROS for amount in (line.amount, line.tax, line.discount)):
        return "invalid_field", f"an amount of line {line.line_id[:64]!r} is out of range"
    if line.period_start is not None and line.period_end is not None and line.period_end < line.period_start:
        return "invalid_field", f"line {line.line_id[:64]!r} has a period_end before its period_start"
    return (
        unfit_id("line_id", line.line_id)
        or unfit_id("subscription_id", line.subscription_id)
        or unfit_id("item_id", line.item_id)
        or unfit_id("project_id", line.project_id)
        or unfit_moment("period_start of a line", line.period_start)
        or unfit_moment("period_end of a line", line.period_end)
    )
