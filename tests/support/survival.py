"""Kaplan-Meier curves in exact fractions, by another way than the product's: mass that goes out of sight moves on.

Every start has the same mass. One that goes out of sight hands its mass to all later ones in equal parts (Efron 1967,
redistribution to the right); what is left when a value is reached leaves the curve. An ended account is at the end of
the line, for it never reaches value.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

Outcome = Literal["reached", "open", "churned"]
Start = tuple[int, Outcome]
"""Days on the clock, and what came of it."""
HALF = Fraction(1, 2)


def curve(starts: Iterable[Start]) -> list[tuple[int, Fraction]]:
    """Return (days, share without value just after) wherever somebody reached it."""
    seen = [(days, outcome != "reached") for days, outcome in starts if outcome != "churned"]
    line = sorted(seen)  # of one day those who reached value come first
    ended = sum(1 for _ in starts) - len(line)
    mass = [Fraction(1, len(line) + ended)] * len(line)
    left, found = Fraction(1), dict[int, Fraction]()
    for place, (days, is_open) in enumerate(line):
        behind = len(line) - place - 1 + ended
        if not is_open:
            left -= mass[place]
            found[days] = left
        elif behind:
            share = mass[place] / behind
            for later in range(place + 1, len(line)):
                mass[later] += share
    return list(found.items())


def median(starts: Iterable[Start]) -> int | None:
    """Return the first day count at which one half or less is without value, None where there is none."""
    return next((days for days, left in curve(list(starts)) if left <= HALF), None)
