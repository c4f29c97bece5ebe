"""Schedules out of settings, and the worked examples that people know from elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.clock.schedule import MINUTE
from streams.core.events import Holiday, HolidaySet, OpenHours, PolicySet, ScheduleSet
from streams.core.rules import Rules, rules_from
from streams.core.settings import Ruling
from tests.streams.core.clock.test_worktime import DAY, HOUR, at

ID = "00000000-0000-4000-8000-"
CHICAGO = tuple(OpenHours(weekday=day, start_minute=7 * 60, end_minute=21 * 60) for day in range(1, 8))
SAN_FRANCISCO = tuple(OpenHours(weekday=day, start_minute=8 * 60, end_minute=17 * 60 + 30) for day in range(1, 6))
OPENED = at("2020-09-29T17:02")
REPLIED = at("2020-09-30T19:01") + MINUTE * 46 // 100
"""The example writes 19:01:46 as minute 1.46, and opens its ticket at the full minute."""


def schedule(number: int, zone: str, hours: tuple[OpenHours, ...], since: int, name: str = "default") -> ScheduleSet:
    return ScheduleSet(
        event_id=f"{ID}{number:012d}",
        account_id=f"schedule:{name}",
        occurred_at=since,
        source="office",
        schedule_id=name,
        time_zone=zone,
        hours=hours,
        valid_from=since,
    )


def holidays(number: int, days: tuple[str, ...], since: int, named: str = "a", **more: object) -> HolidaySet:
    return HolidaySet(
        event_id=f"{ID}{number:012d}",
        account_id=f"holiday:{named}",
        occurred_at=since,
        source="office",
        holiday_set_id=named,
        schedule_id="default",
        holidays=tuple(Holiday(date=day) for day in days),
        valid_from=since,
        **more,  # type: ignore[arg-type] # fields of the envelope
    )


def business(rules: Rules, start: int, end: int) -> float:
    """Minutes by the default schedule."""
    calendar = rules.calendar("", start)
    assert calendar is not None
    return calendar.between(start, end) / MINUTE


def test_a_ticket_over_two_schedules_counts_the_hours_of_both() -> None:
    """The worked example of dbt_zendesk's decision log: 538 + 421.25 + 0.21 minutes to the first reply."""
    moved = at("2020-09-30T19:01") + MINUTE // 4
    rules = rules_from(
        [
            schedule(1, "America/Chicago", CHICAGO, at("2020-01-01T00:00")),
            schedule(2, "America/Los_Angeles", SAN_FRANCISCO, moved),
        ]
    )
    assert business(rules, OPENED, REPLIED) == pytest.approx(959.46, abs=1e-9)


def test_the_last_schedule_alone_is_another_figure() -> None:
    """What Zendesk itself reports for that ticket, 448 + 241.46: both figures can be told, and which is meant."""
    rules = rules_from([schedule(2, "America/Los_Angeles", SAN_FRANCISCO, at("2020-01-01T00:00"))])
    assert business(rules, OPENED, REPLIED) == pytest.approx(689.46, abs=1e-9)


def test_the_same_example_with_seconds_as_they_were() -> None:
    """17:01:38 to 19:01:46 with the move at 19:01:25, without the rounding of the published table."""
    moved = at("2020-09-30T19:01:25")
    rules = rules_from(
        [
            schedule(1, "America/Chicago", CHICAGO, at("2020-01-01T00:00")),
            schedule(2, "America/Los_Angeles", SAN_FRANCISCO, moved),
        ]
    )
    seconds = (8 * 3600 + 58 * 60 + 22) + (7 * 3600 + 60 + 25) + 21
    assert business(rules, at("2020-09-29T17:01:38"), at("2020-09-30T19:01:46")) * 60 == pytest.approx(seconds)


def test_holiday_sets_add_up_and_each_replaces_its_own_days_from_its_time_on() -> None:
    """A correction of one list must neither restore nor remove the days of another."""
    since = at("2026-01-01T00:00")
    settings: list[Ruling] = [
        schedule(1, "UTC", CHICAGO, since),
        holidays(2, ("2026-06-01", "2026-06-03"), since),
        holidays(3, ("2026-06-02",), since, "b"),
        holidays(4, ("2026-06-04",), at("2026-06-02T14:00")),
    ]
    rules = rules_from(settings)
    worked = [business(rules, at(f"2026-06-0{day}T00:00"), at(f"2026-06-0{day}T00:00") + DAY) for day in range(1, 6)]
    assert worked == [0, 0, 14 * 60, 0, 14 * 60]


def test_before_its_first_hours_a_schedule_is_not_known() -> None:
    """Business time that nobody set is not guessed; neither is that of a schedule with another name."""
    rules = rules_from([schedule(1, "UTC", CHICAGO, 1000 * DAY)])
    assert rules.calendar("", 1000 * DAY - 1) is None
    assert rules.calendar("", 1000 * DAY) is not None
    assert rules.calendar("night", 2000 * DAY) is None
    assert Rules().calendar("", 2000 * DAY) is None


def test_days_off_without_hours_make_no_schedule() -> None:
    """Settings come in any order: the holidays of a schedule that is set later wait for it."""
    alone = holidays(2, ("2026-06-01",), at("2026-01-01T00:00"))
    assert rules_from([alone]).schedules == ()
    later = rules_from([alone, schedule(1, "UTC", CHICAGO, at("2026-05-01T00:00"))])
    assert business(later, at("2026-06-01T00:00"), at("2026-06-02T00:00")) == 0


def test_a_setting_that_is_taken_back_rules_no_more() -> None:
    """Rules and tables follow the same events: a retracted setting must be gone from both."""
    since = at("2026-01-01T00:00")
    known = [schedule(1, "UTC", CHICAGO, since), holidays(2, ("2026-06-01",), since)]
    back = holidays(3, (), since, corrects_event_id=known[1].event_id, is_retraction=True, entity_version=1)
    assert rules_from([*known, back]).schedules == rules_from(known[:1]).schedules
    target = PolicySet(
        event_id=f"{ID}000000000009",
        account_id="policy:followup_target_seconds",
        occurred_at=since,
        source="office",
        policy="followup_target_seconds",
        value="60",
        policy_version="v",
        valid_from=since,
    )
    gone = PolicySet(
        event_id=f"{ID}000000000010",
        account_id=target.account_id,
        occurred_at=since + HOUR,
        source="office",
        policy=target.policy,
        value="60",
        policy_version="v",
        valid_from=since,
        corrects_event_id=target.event_id,
        is_retraction=True,
    )
    assert rules_from([target]) != Rules()
    assert rules_from([gone, target]) == Rules()


@given(st.permutations(range(6)))
def test_in_whichever_order_settings_come_the_rules_are_the_same(order: list[int]) -> None:
    """Every worker reads them at its own pace; equal rules have equal fingerprints, others do not."""
    since = at("2026-01-01T00:00")
    settings: list[Ruling] = [
        schedule(1, "UTC", CHICAGO, since),
        schedule(2, "UTC", SAN_FRANCISCO, since + DAY),
        schedule(3, "Europe/Rome", CHICAGO, since, "night"),
        holidays(4, ("2026-06-01",), since),
        holidays(5, ("2026-06-02",), since + DAY, "b"),
        holidays(6, ("2026-06-03",), since + DAY),
    ]
    rules, turned = rules_from(settings), rules_from(settings[place] for place in order)
    assert rules == turned
    assert rules.fingerprint() == turned.fingerprint() != rules_from(settings[:5]).fingerprint()
    assert Rules().fingerprint() == rules_from([]).fingerprint() != rules_from(settings[:1]).fingerprint()
