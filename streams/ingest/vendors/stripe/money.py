"""Amounts, moments and references as Stripe writes them (docs.stripe.com/currencies)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from streams.ingest.vendors.model import NotUnderstoodError

if TYPE_CHECKING:
    from streams.ingest.vendors.fields import Fields

_SECOND = 1_000_000
_LEAST = 6
"""Decimal places of the major unit that the contract goes to."""
# Currencies without a minor unit, but for ISK and UGX, which Stripe still writes with two zeros.
_WHOLE = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THOUSANDTHS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def micros(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * _SECOND


def currency(thing: Fields, name: str = "currency") -> dict[str, Any]:
    """Return currency and exponent of an object's amounts."""
    code = thing.text(name).upper()
    return {"currency": code, "exponent": exponent_of(code)}


def exponent_of(code: str) -> int:
    if code in _WHOLE:
        return 0
    return 3 if code in _THOUSANDTHS else 2


def unit_price(price: Fields) -> Decimal | None:
    """Return the price of one unit in minor units: whole, or with up to twelve places; None where it has no one price.

    A plan says `amount`, a price `unit_amount`; prices in parts of a minor unit are in the decimal field alone.
    """
    for name in ("unit_amount", "amount"):
        if (whole := price.maybe_whole(name)) is not None:
            return Decimal(whole)
    for name in ("unit_amount_decimal", "amount_decimal"):
        if (text := price.maybe_text(name)) is not None:
            try:
                found = Decimal(text)
            except InvalidOperation:
                raise NotUnderstoodError("odd_field", f"{name} of a price is no number") from None
            if found.is_finite():
                return found
            raise NotUnderstoodError("odd_field", f"{name} of a price is not finite")
    return None


def common_exponent(prices: list[Decimal], exponent: int) -> int:
    """Return the decimal places in which all prices are whole; raises NotUnderstoodError beyond millionths."""
    for more in range(_LEAST - exponent + 1):
        if all(price * 10**more == (price * 10**more).to_integral_value() for price in prices):
            return exponent + more
    raise NotUnderstoodError("odd_price", "a price is finer than a millionth of the currency")


def payment_of(thing: Fields) -> str | None:
    """Return the payment that an object is of: its payment intent, or its charge where there is none.

    A charge has had a payment intent since 2019, and objects of 2025 name nothing else, so the intent comes first:
    payment, refund and dispute then speak of one payment in every version.
    """
    return thing.maybe_reference("payment_intent") or thing.maybe_reference("charge")
