"""A window in words: 2026-Q3, 2026-08, 2026-W31, 2026-08-15, or rolling:2026-08-15 for the 90 days up to that day.

Recurring revenue has 2026 and 2026-02/P12M as well: a year, and the 12 months that begin with February. Figures
whose views have no windows are of EVER.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Literal

import msgspec

from sinks.windows import ROLLING_DAYS

HOW = (
    "2026-Q3, 2026-08, 2026-W31, 2026-08-15, rolling:2026-08-15 for the 90 days that end with that day,"
    " or of recurring revenue 2026, 2026-02/P3M and 2026-02/P12M"
)
GRAINS = ("day", "week", "month", "quarter", f"rolling_{ROLLING_DAYS}d")
"""Windows that every metric has whose view has the common shape."""


class PeriodError(Exception):
    """Not a window; the message is one sentence."""


class Period(msgspec.Struct, frozen=True):
    """One window of the metric views; ``end`` is the first day after it."""

    grain: str
    start: dt.date
    end: dt.date

    @property
    def is_rolling(self) -> bool:
        return self.grain.startswith("rolling")


def _after(start: dt.date, months: int) -> dt.date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _quarter(year: str, number: str) -> Period:
    start = dt.date(int(year), int(number) * 3 - 2, 1)
    return Period("quarter", start, _after(start, 3))


def _year(year: str) -> Period:
    start = dt.date(int(year), 1, 1)
    return Period("year", start, _after(start, 12))


def _months(year: str, number: str, months: str) -> Period:
    start = dt.date(int(year), int(number), 1)
    return Period(f"{months} months", start, _after(start, int(months)))


def _month(year: str, number: str) -> Period:
    start = dt.date(int(year), int(number), 1)
    return Period("month", start, _after(start, 1))


def _day(text: str) -> Period:
    start = dt.date.fromisoformat(text)
    return Period("day", start, start + dt.timedelta(days=1))


def _rolling(text: str) -> Period:
    end = dt.date.fromisoformat(text) + dt.timedelta(days=1)
    return Period(f"rolling_{ROLLING_DAYS}d", end - dt.timedelta(days=ROLLING_DAYS), end)


def _week(year: str, number: str) -> Period:
    start = dt.date.fromisocalendar(int(year), int(number), 1)
    return Period("week", start, start + dt.timedelta(days=7))


# Days that the views' dates can hold.
_FIRST, _LAST = dt.date(1970, 1, 2), dt.date(2149, 6, 6)
EVER = Period("ever", _FIRST, _LAST)
"""The one window of figures whose view has none: all there ever was."""
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Period]], ...] = (
    (re.compile(r"([0-9]{4})"), _year),
    (re.compile(r"([0-9]{4})-([0-9]{2})/P(3|12)M"), _months),
    (re.compile(r"([0-9]{4})-Q([1-4])"), _quarter),
    (re.compile(r"([0-9]{4})-([0-9]{2})"), _month),
    (re.compile(r"([0-9]{4})-W([0-9]{2})"), _week),
    (re.compile(rf"({_DAY})"), _day),
    (re.compile(rf"rolling:({_DAY})"), _rolling),
)


def parse(text: str, week_start: Literal["monday", "sunday"] = "monday") -> Period:
    """Read a window. Weeks are ISO weeks; where weeks start on Sunday, the one that holds the ISO week's Monday.

    Raises PeriodError.
    """
    for form, read in _FORMS:
        if match := form.fullmatch(text):
            try:
                period = read(*match.groups())
                if not _FIRST <= period.start < period.end <= _LAST:
                    break
                return _shifted(period) if (period.grain, week_start) == ("week", "sunday") else period
            except (ValueError, OverflowError):
                break
    raise PeriodError(f"{text[:40]!r} is no window: give one as {HOW}")


def _shifted(week: Period) -> Period:
    day = dt.timedelta(days=1)
    return Period(week.grain, week.start - day, week.end - day)
