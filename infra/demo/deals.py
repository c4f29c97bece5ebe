"""Say what the demonstration's accounts buy, in which currency, how they pay, and the turn that each of them takes."""

from __future__ import annotations

from typing import Literal

import msgspec

from infra.demo.world import DAY

PERIOD = 30 * DAY
PERIODS = 5
TRIAL = 14 * DAY

Course = Literal[
    "steady", "grows", "shrinks", "churns", "returns", "pauses",
    "tries", "leaves_trial", "fails", "discount", "corrected", "second",
]  # fmt: skip


class Deal(msgspec.Struct, frozen=True):
    """Hold what one account has agreed: seats at a price in minor units, charged by card or billed with terms."""

    currency: str
    exponent: int
    seat: int
    panel: int
    seats: int
    course: Course
    by_card: bool = True


def _usd(seats: int, course: Course, *, by_card: bool = True) -> Deal:
    return Deal("USD", 2, 1_500, 240_000, seats, course, by_card)


def _eur(seats: int, course: Course, *, by_card: bool = True) -> Deal:
    return Deal("EUR", 2, 1_433, 219_900, seats, course, by_card)


DEALS: dict[str, Deal] = {
    "demo-acorn": _eur(40, "grows", by_card=False),
    "demo-birch": _eur(12, "churns"),
    "demo-cedar": _usd(3, "fails"),
    "demo-dahlia": _usd(15, "second"),
    "demo-elder": _usd(60, "shrinks", by_card=False),
    "demo-fern": Deal("KRW", 0, 20_000, 3_000_000, 5, "returns"),
    "demo-gorse": _usd(35, "steady", by_card=False),
    "demo-hazel": _eur(10, "discount"),
    "demo-iris": _usd(4, "tries"),
    "demo-juniper": _eur(8, "pauses"),
    "demo-kelp": _eur(2, "leaves_trial"),
    "demo-larch": _usd(25, "corrected", by_card=False),
}
PLANS = {"demo-team": ("Team, per seat and month", "surveys"), "demo-panel": ("Panel, a year", "panels")}
RATES = {"EUR": 1_050_000, "KRW": 700}
"""Dollars for one unit, in millionths, from before the first event on."""
