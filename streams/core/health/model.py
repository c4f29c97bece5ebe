"""Models of health: components with weights and points, bands of the score, and whom each variant is for.

Models stand side by side, each under its own name. A model has variants; the first in order of position that takes the
account decides, by segment and by months since the account started. Versions hold from `valid_from` on.
Values and scores are hundredths of a point (0 to 10,000), shares of weight ten-thousandths.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from math import ceil, lcm
from operator import attrgetter
from typing import Literal, get_args

import msgspec

from streams.core.settings import in_force

Part = Literal["survey", "support", "billing", "relationship", "onboarding", "usage"]
Signal = Literal[
    "nps",  # mean score of the answers within 30 days up to the newest, 0 to 10
    "csat",  # the same of satisfaction, 0 to 100
    "sla_breach_share",  # clocks that passed their target among those of 30 days, in percent
    "escalations_open",
    "oldest_ticket_days",
    "contact_rate",  # tickets of 30 days against the account's own 90 days before, in percent
    "overdue_share",  # receivables past due, in percent of all; of several currencies the worst
    "payments_failing",
    # recurring revenue against 90 days ago, in percent of change; of several currencies the worst, but for one that
    # ended while another began
    "mrr_trend",
    "cancels_scheduled",
    "touch_days",  # days since the last talk in both directions
    "sentiment",  # -2 to +2
    "onboarding_days_late",
    "usage_share",  # level of its limit, in percent; of several meters the least used
    "usage_change",  # 30 days against the 30 before, in percent of change; of several meters the worst
]
SIGNALS: frozenset[str] = frozenset(get_args(Signal))
PART_OF: dict[str, Part] = {
    "nps": "survey",
    "csat": "survey",
    "sla_breach_share": "support",
    "escalations_open": "support",
    "oldest_ticket_days": "support",
    "contact_rate": "support",
    "overdue_share": "billing",
    "payments_failing": "billing",
    "mrr_trend": "billing",
    "cancels_scheduled": "billing",
    "touch_days": "relationship",
    "sentiment": "relationship",
    "onboarding_days_late": "onboarding",
    "usage_share": "usage",
    "usage_change": "usage",
}
AGEING = frozenset({"nps", "csat", "sentiment"})
"""Signals that have an age: their weight may fade, and end."""
DAILY = frozenset({"oldest_ticket_days", "touch_days", "onboarding_days_late"})
"""Signals that grow by one a day."""
POINT = 100
WHOLE = 10_000
UNKNOWN = "unknown"
"""The band of what has no score."""
NO_END = 1 << 40
"""A day that never comes."""
EPOCH = date(1970, 1, 1).toordinal()


class Component(msgspec.Struct, frozen=True, array_like=True, order=True, dict=True):
    """One component: `points` turn its signal into a value, (signal from, value) in rising order of the signal.

    Between two points the value is that of the lower one, or goes in a straight line where it `is_linear`; outside of
    all it is that of the nearest. Older than `max_age_days` there is no value (0: it has no age); where it
    `is_fading`, its weight goes down to nothing by then, in equal steps of whole days.
    """

    name: str
    signal: Signal
    weight: int
    points: tuple[tuple[float, int], ...]
    is_linear: bool = False
    max_age_days: int = 0
    is_fading: bool = False

    def value(self, raw: float) -> int:
        """Return the value of a signal."""
        points, found = self.points, self.points[0][1]
        for place, (start, value) in enumerate(points):
            if raw < start:
                if place and self.is_linear:
                    low, below = points[place - 1]
                    return below + round((raw - low) * (value - below) / (start - low))
                return found
            found = value
        return found

    def steady_days(self, raw: float) -> int:
        """Return for how many days the value of a signal that grows by one a day stays as it is."""
        if self.is_linear and self.points[0][0] - 1 < raw < self.points[-1][0]:
            return 0
        return min((ceil(start - raw) - 1 for start, _ in self.points if start > raw), default=NO_END)


class Band(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A band of scores up to `up_to`, inclusive."""

    up_to: int
    name: str


class Variant(msgspec.Struct, frozen=True, array_like=True, order=True, dict=True):
    """One version of a variant of a model, in order of who decides first. Months count from the account's start.

    No `segments` means any; `until_month` 0 means for ever, otherwise it is exclusive.
    """

    position: int
    model_id: str
    variant_id: str
    valid_from: int
    version: str
    is_active: bool
    segments: tuple[str, ...]
    from_month: int
    until_month: int
    components: tuple[Component, ...]
    minimum_coverage: int
    bands: tuple[Band, ...]
    bands_version: str

    @cached_property
    def scale(self) -> int:
        """Weights are multiplied by this, so that those that fade are whole numbers on every day."""
        return lcm(*(each.max_age_days for each in self.components if each.is_fading), 1)

    @cached_property
    def all_weight(self) -> int:
        return self.scale * sum(each.weight for each in self.components)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        return tuple(each.signal for each in self.components)

    @cached_property
    def weights(self) -> tuple[tuple[int, int, int, Part], ...]:
        """Of each component: its whole weight, over how many days it fades (0: never), its weight a day, its part."""
        scale = self.scale
        return tuple(
            (
                each.weight * scale,
                each.max_age_days if each.is_fading else 0,
                each.weight * (scale // each.max_age_days) if each.is_fading else 0,
                PART_OF[each.signal],
            )
            for each in self.components
        )

    @property
    def has_months(self) -> bool:
        return bool(self.from_month or self.until_month)

    def takes(self, segment: str, months: int | None) -> bool:
        """Return whether the variant is for an account; one of unknown age is for no variant with months."""
        if self.segments and segment not in self.segments:
            return False
        if not self.has_months:
            return True
        return months is not None and self.from_month <= months and not 0 < self.until_month <= months

    def band(self, score: int) -> str:
        return next((band.name for band in self.bands if score <= band.up_to), self.bands[-1].name)


def months_between(start: int, day: int) -> int:
    """Return the whole calendar months from one day to another (days since 1970); below 0 before the start."""
    one, other = date.fromordinal(start + EPOCH), date.fromordinal(day + EPOCH)
    return 12 * (other.year - one.year) + other.month - one.month - (other.day < one.day)


def months_end(start: int, day: int, variants: Sequence[Variant]) -> int:
    """Return the last day through which none of the variants takes up or loses an account for its age."""
    found, months = NO_END, months_between(start, day)
    for each in variants:
        for edge in (each.from_month, each.until_month):
            if edge > months and each.has_months:
                found = min(found, _after_months(start, edge) - 1)
    return found


def _after_months(start: int, months: int) -> int:
    """Return the first day that is so many whole months after a start: the first of a month that has no such day."""
    begun = date.fromordinal(start + EPOCH)
    number = 12 * begun.year + begun.month - 1 + months
    return min(_first_of(number) + begun.day - 1, _first_of(number + 1))


def _first_of(number: int) -> int:
    """Return the first day of a month, counted from the year 0 on."""
    return date(number // 12, number % 12 + 1, 1).toordinal() - EPOCH


def by_model(variants: Sequence[Variant], at: int) -> dict[str, list[Variant]]:
    """Return the variants in force at a moment, by model, in order of who decides."""
    found: dict[str, list[Variant]] = {}
    for each in in_force(variants, at, attrgetter("model_id", "variant_id")):
        found.setdefault(each.model_id, []).append(each)
    return found
