"""Amounts of money as whole millionths of a currency's major unit: exact, and alike for every exponent."""

MAX_EXPONENT = 6
MAX_MICROS = 10**17
"""Largest amount taken in either direction: a hundred billion of the major unit, a ninetieth of what Int64 holds."""


def micros(minor: int, exponent: int) -> int:
    """Minor units as millionths of the major unit: 1,250 at exponent 2 are 12,500,000. `exponent` is 0 to 6."""
    return minor * 10 ** (MAX_EXPONENT - exponent)
