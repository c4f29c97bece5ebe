"""Business time: every figure of service levels is counted by it, so it is held against counting minute by minute."""

from bisect import bisect_right
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from streams.core.clock.worktime import DAY, PAGE, Calendar, Version
from streams.core.limits import NEVER

MINUTE = 60_000_000
HOUR = 60 * MINUTE
NINE_TO_FIVE = ((9 * HOUR, 17 * HOUR),)
ALL_DAY = ((0, DAY),)
WEEKDAYS = (NINE_TO_FIVE,) * 5 + ((), ())


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


TURNS = (
    (at("2026-03-29T01:00"), "Europe/Rome"),  # forward
    (at("2026-10-25T01:00"), "Europe/Rome"),  # back
    (at("2026-03-08T08:00"), "America/Chicago"),
    (at("2026-11-01T07:00"), "America/Chicago"),
    (at("2026-04-04T15:00"), "Australia/Lord_Howe"),  # back by half an hour
    (at("2011-12-30T10:00"), "Pacific/Apia"),  # a day that never was
    (at("2026-01-01T00:00"), "Asia/Kathmandu"),
)
ZONES = [zone for _, zone in TURNS]
MINUTES = st.builds(lambda minutes, odd: max(0, minutes * MINUTE + odd), st.integers(0, 12_000), st.integers(-1, 1))


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.lists(st.integers(0, 1440), unique=True, max_size=4)))
    return tuple((a * MINUTE, b * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def versions(draw: st.DrawFn) -> list[Version]:
    """Up to three versions around a turn of clocks, hours of any weekday, holidays near it."""
    middle, turning = draw(st.sampled_from(TURNS))
    offsets = sorted(draw(st.lists(st.integers(-2000, 2000), unique=True, max_size=2)))
    near = st.integers(middle // DAY - 2, middle // DAY + 2)
    return [
        Version(
            since,
            draw(st.just(turning) | st.sampled_from(ZONES)),
            tuple(draw(st.one_of(days(), st.just(ALL_DAY))) for _ in range(7)),
            tuple(draw(st.sets(near, max_size=2))),
        )
        for since in [middle - 9 * DAY, *(middle + minutes * MINUTE for minutes in offsets)]
    ]


def counted(known: list[Version], start: int, end: int) -> int:
    """Open minutes, each asked for by itself with the standard library's zones."""
    starts = [version.since for version in known]
    found = 0
    for minute in range(start, end, MINUTE):
        place = bisect_right(starts, minute) - 1
        if place < 0:
            continue
        version = known[place]
        local = datetime.fromtimestamp(minute // 1_000_000, ZoneInfo(version.zone))
        today = (local.hour * 60 + local.minute) * MINUTE
        holiday = local.toordinal() - 719_163 in version.holidays
        found += not holiday and any(a <= today < b for a, b in version.week[local.weekday()])
    return found * MINUTE


@settings(max_examples=150)
@given(versions(), st.data())
def test_business_time_is_what_counting_minute_by_minute_finds(known: list[Version], data: st.DataObject) -> None:
    """Zones, clocks put forward and back, holidays and versions meet; a loop over minutes knows none of the tricks."""
    start = known[0].since + 9 * DAY + data.draw(st.integers(-1000, 1000)) * MINUTE
    end = start + data.draw(st.integers(0, 2000)) * MINUTE
    assert Calendar(known).between(start, end) == counted(known, start, end)


@given(versions(), MINUTES, MINUTES, st.integers(0, 3 * 365 * DAY))
def test_time_adds_up_over_years(known: list[Version], ahead: int, first: int, second: int) -> None:
    """Pages and running totals are an optimisation: where an interval is cut must not matter."""
    calendar, start = Calendar(known), known[0].since + ahead
    middle, end = start + first, start + first + second
    assert calendar.between(start, end) == calendar.between(start, middle) + calendar.between(middle, end)
    assert 0 <= calendar.between(start, end) <= end - start


@given(versions(), MINUTES, MINUTES, st.booleans())
def test_a_deadline_is_the_first_moment_with_so_much_time_behind_it(
    known: list[Version], ahead: int, duration: int, to_the_end: bool
) -> None:
    """Deadlines fire and durations are reported by one engine: a clock must read its target when its deadline fires."""
    calendar, start = Calendar(known), known[0].since + ahead
    if to_the_end:  # often to the end of some hours: every moment until the next ones has the same time behind it
        duration = calendar.between(start, start + duration)
    assume(duration)
    due = calendar.after(start, duration)
    if due == NEVER:
        assert calendar.between(start, start + 20 * PAGE) < duration
    else:
        assert calendar.between(start, due) == duration
        assert calendar.between(start, due - 1) == duration - 1


def test_an_hour_that_clocks_skip_is_not_worked_and_one_that_they_repeat_is_worked_twice() -> None:
    """Rome's nights of 2026 in which clocks turn, midnight to six: five and seven hours."""
    calendar = Calendar([Version(0, "Europe/Rome", (((0, 6 * HOUR),),) * 7)])
    assert calendar.between(at("2026-03-28T23:00"), at("2026-03-29T10:00")) == 5 * HOUR
    assert calendar.between(at("2026-10-24T22:00"), at("2026-10-25T10:00")) == 7 * HOUR


def test_a_version_holds_to_the_microsecond_and_the_next_takes_over() -> None:
    """Hours that change at noon change nothing of the morning."""
    calendar = Calendar([Version(0, "UTC", WEEKDAYS), Version(at("2026-11-23T12:00") + 1, "UTC", (ALL_DAY,) * 7)])
    monday = at("2026-11-23T00:00")
    assert calendar.between(monday, monday + DAY) == 3 * HOUR + 12 * HOUR
    assert not calendar.is_open(monday + 8 * HOUR)
    assert calendar.is_open(monday + 9 * HOUR)


def test_a_holiday_is_a_local_day() -> None:
    """Christmas in Chicago begins at six in the morning, UTC."""
    christmas = at("2026-12-25T00:00") // DAY
    calendar = Calendar([Version(0, "America/Chicago", (ALL_DAY,) * 7, (christmas,))])
    assert calendar.between(at("2026-12-25T00:00"), at("2026-12-27T00:00")) == 24 * HOUR
    assert calendar.is_open(at("2026-12-25T05:59"))
    assert not calendar.is_open(at("2026-12-25T06:00"))


def test_hours_that_never_come_again_end_in_no_deadline() -> None:
    """A search without an end would stop the partition that asks."""
    calendar = Calendar([Version(0, "UTC", ((),) * 7)])
    assert calendar.after(at("2026-01-01T00:00"), 1) == NEVER
