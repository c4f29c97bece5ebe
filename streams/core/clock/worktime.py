"""Business time: how much of an interval is open under every version of a schedule, and when so much of it has passed.

Open intervals are laid out once per page of a year, with a running total; a question is then a search in a sorted list,
whatever the length of the interval. Times and durations are microseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from streams.core.clock.zones import stretches
from streams.core.limits import LATEST, NEVER

DAY = 86_400_000_000
PAGE = 366 * DAY
_THURSDAY = 3
"""Weekday of day 0 of 1970, Monday being 0."""

Hours = tuple[tuple[int, int], ...]
"""Open intervals of one day, (from, until) since its local midnight, in order and apart."""


class Version(msgspec.Struct, frozen=True, array_like=True):
    """Hours from `since` on: seven days of local hours from Monday, and local days (since 1970) without any."""

    since: int
    zone: str
    week: tuple[Hours, ...]
    holidays: tuple[int, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    """Open intervals of one page, and the open time before and up to the end of each."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    done: list[int]
    total: int

    def until(self, at: int) -> int:
        """Open time from the page's start to `at`."""
        last = bisect_right(self.opens, at) - 1
        if last < 0:
            return 0
        return self.before[last] + min(at, self.closes[last]) - self.opens[last]

    def is_open(self, at: int) -> bool:
        last = bisect_right(self.opens, at) - 1
        return last >= 0 and at < self.closes[last]


class Calendar:
    """The versions of one schedule, in order of their starts; nothing is known before the first (`since`)."""

    __slots__ = ("_pages", "_versions", "since")

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = tuple(versions)
        self._pages: dict[int, _Page] = {}
        self.since = versions[0].since

    def between(self, start: int, end: int) -> int:
        """Open time within an interval; 0 for one that ends before it starts."""
        if end <= start:
            return 0
        first, last = start // PAGE, end // PAGE
        page = self._page(first)
        if first == last:
            return page.until(end) - page.until(start)
        whole = sum(self._page(number).total for number in range(first + 1, last))
        return page.total - page.until(start) + whole + self._page(last).until(end)

    def after(self, start: int, duration: int) -> int:
        """The first moment by which `duration` has been open since `start`; NEVER where that is after 2200."""
        if duration <= 0:
            return start
        number = start // PAGE
        page = self._page(number)
        wanted = page.until(start) + duration
        while wanted > page.total:
            wanted -= page.total
            number += 1
            if number * PAGE > LATEST:
                return NEVER
            page = self._page(number)
        place = bisect_left(page.done, wanted)
        return page.opens[place] + wanted - page.before[place]

    def is_open(self, at: int) -> bool:
        return self._page(at // PAGE).is_open(at)

    def _page(self, number: int) -> _Page:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = _laid_out(self._intervals(number * PAGE, (number + 1) * PAGE))
        return page

    def _intervals(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for version, following in zip(self._versions, (*self._versions[1:], None), strict=True):
            until = end if following is None else min(end, following.since)
            if max(start, version.since) < until:
                yield from _open(version, max(start, version.since), until)


def _open(version: Version, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Open intervals of one version, in order.

    Local hours are cut to each stretch of one UTC offset: an hour that clocks skip is in none, a repeated one in two.
    """
    holidays = frozenset(version.holidays)
    for since, until, offset in stretches(version.zone, start, end):
        for day in range((since + offset) // DAY, (until + offset - 1) // DAY + 1):
            if day in holidays:
                continue
            midnight = day * DAY - offset
            for opens, closes in version.week[(day + _THURSDAY) % 7]:
                first, last = max(midnight + opens, since), min(midnight + closes, until)
                if first < last:
                    yield first, last


def _laid_out(intervals: Iterator[tuple[int, int]]) -> _Page:
    opens: list[int] = []
    closes: list[int] = []
    for start, end in intervals:
        if closes and closes[-1] == start:
            closes[-1] = end
        else:
            opens.append(start)
            closes.append(end)
    before, done, total = [], [], 0
    for start, end in zip(opens, closes, strict=True):
        before.append(total)
        total += end - start
        done.append(total)
    return _Page(opens, closes, before, done, total)
