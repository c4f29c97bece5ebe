"""Schedules out of settings: the hours of each version, and the days that every holiday set takes from them."""

from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter

import msgspec

from streams.core.clock.worktime import Calendar, Hours, Version
from streams.core.events import HolidaySet, OpenHours, ScheduleSet

DEFAULT = "default"
"""The schedule of tickets that name none."""
MINUTE = 60_000_000
_DAY_0 = date(1970, 1, 1).toordinal()


class Schedule(msgspec.Struct, frozen=True, array_like=True):
    """One schedule through time. Equal schedules have equal bytes."""

    schedule_id: str
    versions: tuple[Version, ...]


def week(hours: Iterable[OpenHours]) -> tuple[Hours, ...]:
    """Seven days of hours from Monday, adjoining ones joined later where they are laid out."""
    days: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for each in hours:
        days[each.weekday - 1].append((each.start_minute * MINUTE, each.end_minute * MINUTE))
    return tuple(tuple(sorted(day)) for day in days)


def day_of(text: str) -> int:
    """Days since 1970 of an ISO date; raises ValueError for anything else."""
    return date.fromisoformat(text).toordinal() - _DAY_0


def schedules(hours: Iterable[ScheduleSet], holidays: Iterable[HolidaySet]) -> tuple[Schedule, ...]:
    """Schedules out of what stands of their settings, whichever order that is in. Days without hours make none."""
    told: dict[str, tuple[list[ScheduleSet], list[HolidaySet]]] = {}
    for each in sorted(hours, key=attrgetter("valid_from")):
        told.setdefault(each.schedule_id, ([], []))[0].append(each)
    for taken in sorted(holidays, key=attrgetter("valid_from")):
        if taken.schedule_id in told:
            told[taken.schedule_id][1].append(taken)
    return tuple(Schedule(name, tuple(_versions(*told[name]))) for name in sorted(told))


def _versions(hours: Sequence[ScheduleSet], holidays: Sequence[HolidaySet]) -> Iterable[Version]:
    """One version per moment at which anything changes: its hours, less the days of every set as it stands then."""
    first = hours[0].valid_from
    changes = {each.valid_from for each in hours} | {max(first, each.valid_from) for each in holidays}
    for since in sorted(changes):
        newest = [each for each in hours if each.valid_from <= since][-1]
        sets = {each.holiday_set_id: each.holidays for each in holidays if each.valid_from <= since}
        days = {day_of(each.date) for days in sets.values() for each in days}
        yield Version(since, newest.time_zone, week(newest.hours), tuple(sorted(days)))


def calendars(known: Iterable[Schedule]) -> dict[str, Calendar]:
    """A calendar for each schedule."""
    return {each.schedule_id: Calendar(each.versions) for each in known}
