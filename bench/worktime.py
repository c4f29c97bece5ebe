"""What business time costs: `python -m bench.worktime` prints microseconds of one core per interval.

A schedule of ten years: five versions in two zones, with a break at noon and twelve holidays a year. A million
intervals between its start and end, of an hour to a hundred days; deadlines of as much business time as each of them
has. Beside it, in the same run and on fewer of the same intervals, the plain ways: asking for every minute and for
every day. All have to find the same; the program fails where they do not.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from streams.core.clock.worktime import DAY, Calendar, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MINUTE = 60_000_000
HOUR = 60 * MINUTE
FIRST_YEAR, YEARS = 2016, 10
DAY_0 = date(1970, 1, 1).toordinal()
ROUNDS = 3

Interval = tuple[int, int]


def instant(year: int, month: int = 1) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1_000_000


def versions() -> list[Version]:
    """Other hours every other year, moved from Rome to Chicago in the middle."""
    holidays = tuple(
        date(year, month, 1 + 2 * month).toordinal() - DAY_0
        for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)
        for month in range(1, 13)
    )
    found = []
    for number in range(5):
        opens = (7 + number) * HOUR
        day = ((opens, opens + 4 * HOUR), (opens + 5 * HOUR, opens + 9 * HOUR))
        zone = "Europe/Rome" if number < 3 else "America/Chicago"
        found.append(Version(instant(FIRST_YEAR + 2 * number), zone, (day,) * 5 + (day[:1], ()), holidays))
    return found


def intervals(count: int) -> list[Interval]:
    chance = random.Random(7)
    first, last = instant(FIRST_YEAR), instant(FIRST_YEAR + YEARS)
    starts = (first + chance.randrange((last - first - 100 * DAY) // MINUTE) * MINUTE for _ in range(count))
    return [(start, start + chance.randrange(60, 100 * 1440) * MINUTE) for start in starts]


def in_force(known: Sequence[Version], at: int) -> Version:
    return [version for version in known if version.since <= at][-1]


def by_minute(known: Sequence[Version], start: int, end: int) -> int:
    """Ask for each minute what time it is there, and whether that is open."""
    found, at = 0, start
    while at < end:
        version = in_force(known, at)
        local = datetime.fromtimestamp(at // 1_000_000, ZoneInfo(version.zone))
        minute = (local.hour * 60 + local.minute) * MINUTE
        if local.toordinal() - DAY_0 not in version.holidays:
            found += any(opens <= minute < closes for opens, closes in version.week[local.weekday()])
        at += MINUTE
    return found * MINUTE


def by_day(known: Sequence[Version], start: int, end: int) -> int:
    """Turn the hours of each day into instants and cut them to the interval, version by version."""
    found = 0
    for version, following in zip(known, [*known[1:], None], strict=True):
        since, until = max(start, version.since), min(end, following.since if following else end)
        if since >= until:
            continue
        zone, holidays = ZoneInfo(version.zone), frozenset(version.holidays)
        day = datetime.fromtimestamp(since // 1_000_000, zone).date()
        last = datetime.fromtimestamp(until // 1_000_000, zone).date()
        while day <= last:
            if day.toordinal() - DAY_0 not in holidays:
                for hours in version.week[day.weekday()]:
                    opens, closes = (at_clock(day, clock, zone) for clock in hours)
                    found += max(0, min(closes, until) - max(opens, since))
            day += timedelta(days=1)
    return found


def at_clock(day: date, clock: int, zone: ZoneInfo) -> int:
    hour, rest = divmod(clock, HOUR)
    return int(datetime(day.year, day.month, day.day, hour, rest // MINUTE, tzinfo=zone).timestamp()) * 1_000_000


def cost(act: Callable[[int, int], int], asked: Sequence[Interval], rounds: int = ROUNDS) -> tuple[float, list[int]]:
    """Microseconds of CPU per call in the fastest round, and what was found."""
    spent: list[float] = []
    found: list[int] = []
    for _ in range(rounds):
        began = time.process_time()
        found = [act(first, second) for first, second in asked]
        spent.append(time.process_time() - began)
    return min(spent) / len(asked) * 1e6, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intervals", type=int, default=1_000_000)
    asked = intervals(parser.parse_args().intervals)
    known = versions()
    began = time.process_time()
    calendar = Calendar(known)
    calendar.between(instant(FIRST_YEAR), instant(FIRST_YEAR + YEARS))
    pages = (time.process_time() - began) * 1e3
    between, found = cost(calendar.between, asked)
    after, ends = cost(calendar.after, [(start, spent) for (start, _), spent in zip(asked, found, strict=True)], 1)
    days, of_days = cost(lambda start, end: by_day(known, start, end), asked[:2_000], 1)
    minutes, of_minutes = cost(lambda start, end: by_minute(known, start, end), asked[:20], 1)
    assert of_days == found[: len(of_days)], "days find something else"
    assert of_minutes == found[: len(of_minutes)], "minutes find something else"
    assert all(due <= end for due, (_, end) in zip(ends, asked, strict=True)), "a deadline lies beyond its interval"
    print(f"laying out {YEARS} years, once: {pages:.0f} ms")
    print(f"between, {len(asked):,} intervals: {between:.2f} µs each")
    print(f"after, {len(asked):,} deadlines: {after:.2f} µs each")
    print(f"a loop over days, {len(of_days):,} of them: {days:,.0f} µs each, {days / between:,.0f} times as much")
    print(f"a loop over minutes, {len(of_minutes):,} of them: {minutes:,.0f} µs each, {minutes / between:,.0f} times")


if __name__ == "__main__":
    main()
