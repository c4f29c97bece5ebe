"""Rules for settings of clocks beyond their types: hours, days and targets that can exist."""

from datetime import date
from itertools import pairwise

from streams.core.clock.zones import names
from streams.core.events import HolidaySet, ScheduleSet, SlaPolicySet
from streams.core.limits import MAX_ITEMS, Refusal, repeated, unfit_moment
from streams.core.support.sla_policy import METRICS

DAY_MINUTES = 1440
TEN_YEARS = 10 * 366 * 86_400


def content(event: ScheduleSet | HolidaySet | SlaPolicySet) -> Refusal | None:
    """Return why a setting of clocks cannot be taken, or None."""
    return unfit_moment("valid_from", event.valid_from) or _own(event)


def _own(event: ScheduleSet | HolidaySet | SlaPolicySet) -> Refusal | None:
    match event:
        case ScheduleSet():
            return _schedule(event)
        case HolidaySet():
            return _holidays(event)
        case SlaPolicySet():
            return _sla_policy(event)


def _schedule(event: ScheduleSet) -> Refusal | None:
    if event.time_zone not in names():
        return "invalid_field", f"time_zone {event.time_zone[:64]!r} is not in the IANA database"
    if not event.hours:
        return "invalid_field", "a schedule without hours would never count"
    if len(event.hours) > MAX_ITEMS:
        return "too_many_items", f"more than {MAX_ITEMS} hours"
    for each in event.hours:
        if not 1 <= each.weekday <= 7:  # noqa: PLR2004 - days of a week
            return "invalid_field", f"weekday {each.weekday} is not 1 (Monday) to 7 (Sunday)"
        if not 0 <= each.start_minute < each.end_minute <= DAY_MINUTES:
            said = f"{each.start_minute} to {each.end_minute}"
            return "invalid_field", f"hours from minute {said} of weekday {each.weekday} are empty or leave the day"
    inside = sorted((each.weekday, each.start_minute, each.end_minute) for each in event.hours)
    for (day, _, end), (other, start, _) in pairwise(inside):
        if day == other and start < end:
            return "invalid_field", f"hours of weekday {day} overlap at minute {start}"
    return None


def _holidays(event: HolidaySet) -> Refusal | None:
    for each in event.holidays:
        if not _is_day(each.date):
            return "invalid_field", f"{each.date[:64]!r} is no day of the years 2000 to 2200, such as 2026-12-25"
    return repeated("holidays", [each.date for each in event.holidays])


def _is_day(text: str) -> bool:
    """Return whether a text is a day in the one form that has no other spelling."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and date(2000, 1, 1) <= day < date(2201, 1, 1)


def _sla_policy(event: SlaPolicySet) -> Refusal | None:
    match = event.match
    for values in (match.channels, match.groups, match.priorities, match.topics, match.account_ids):
        refusal = repeated("matches", values)
        if refusal is not None:
            return refusal
    for each in event.targets:
        if each.metric not in METRICS:
            return "invalid_field", f"metric {each.metric[:64]!r} is none of {', '.join(METRICS)}"
        if not 0 < each.target_s <= TEN_YEARS:
            return "invalid_field", f"target_s {each.target_s} of {each.metric} is not from a second to ten years"
    return repeated("targets", [f"{each.metric} {each.priority}".rstrip() for each in event.targets])
