"""Amounts of money as whole millionths of a currency's major unit: exact, and alike for every exponent."""

import re

from streams.core.events import InvoiceIssued

MAX_EXPONENT = 6
MAX_MICROS = 10**17
"""Largest amount taken in either direction: a hundred billion of the major unit, a ninetieth of what Int64 holds."""
_MICROS = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
CURRENCY = re.compile("[A-Z]{3}").fullmatch
"""Whether a text has the form of an ISO 4217 code."""


def micros(minor: int, exponent: int) -> int:
    """Minor units as millionths of the major unit: 1,250 at exponent 2 are 12,500,000. `exponent` is 0 to 6."""
    return minor * _MICROS[exponent]


_MOST = 2**63 - 1

Wide = int | str
"""A sum of any size as a record holds it: in digits where it is wider than 64 bits."""


def wide(amount: int) -> Wide:
    return amount if -_MOST <= amount <= _MOST else str(amount)


def within(amount: int) -> int:
    """A sum as a column can hold it: sums of absurd amounts end at the bound, and stop no partition."""
    return max(-_MOST, min(amount, _MOST))


def total(issued: InvoiceIssued) -> int:
    """Return the amount that is asked for, in micros; below zero for a credit invoice."""
    return micros(issued.total, issued.exponent)
