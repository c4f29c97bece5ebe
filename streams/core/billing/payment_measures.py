"""Measures of a payment: the parts that invoices have of it, and the rest that waits.

When a payment of a known whole came in, and what of it is left, follows from all that tell of it. No invoice knows that
alone, so the measures are those of the payment. They say the same as the views `whole_payment` and `captured_payment`.
"""

from collections.abc import Iterator, Mapping

from streams.core.billing.payment_entries import Used
from streams.core.billing.payment_money import Money
from streams.core.changes import ONE, WHOLE, Key, Measure

_MOST = 2**63 - 1


def part_measure(used: Used, money: Money) -> Iterator[tuple[Key, Measure]]:
    """Yield what an invoice had of the payment: when a known whole came, and otherwise when this part did."""
    if used.is_test or not used.came:
        return
    at = money.came_at if money.whole else used.at
    yield ("collections", f"{used.currency}/{used.member[1:]}", at, ""), (used.came, ONE, used.came / ONE)


def whole_measures(money: Money, given_back: Mapping[str, int]) -> Iterator[tuple[Key, Measure]]:
    """Yield what came in by currency as a whole; the item of a rest is the currency and a slash."""
    if money.is_test or money.first_told is None:
        return
    currency, whole, parts, came_at = money.currency, money.whole, money.parts, money.came_at
    if whole > parts:
        yield ("collections", f"{currency}/", came_at, ""), (whole - parts, ONE, (whole - parts) / ONE)
    if whole:
        yield (WHOLE, f"{currency}/{whole}/{money.first_told[1]}", came_at, ""), (parts, ONE, parts / ONE)
    captured, is_refunded = min(max(whole, parts), _MOST), given_back.get(currency, 0) > 0
    yield ("refund_rate", currency, came_at, ""), (0, captured, captured / ONE)
    yield ("chargeback_rate", currency, came_at, ""), (0, ONE, 1.0)
    yield ("refund_rate_cohort", currency, came_at, ""), (ONE * is_refunded, ONE, float(is_refunded))
