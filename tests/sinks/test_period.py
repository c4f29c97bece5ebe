import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.period import Period, PeriodError, parse

DATE = dt.date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-Q3", Period("quarter", DATE(2026, 7, 1), DATE(2026, 10, 1))),
        ("2026", Period("year", DATE(2026, 1, 1), DATE(2027, 1, 1))),
        ("2026-02/P3M", Period("3 months", DATE(2026, 2, 1), DATE(2026, 5, 1))),
        ("2025-12/P12M", Period("12 months", DATE(2025, 12, 1), DATE(2026, 12, 1))),
        ("2026-Q4", Period("quarter", DATE(2026, 10, 1), DATE(2027, 1, 1))),
        ("2026-12", Period("month", DATE(2026, 12, 1), DATE(2027, 1, 1))),
        ("2026-W01", Period("week", DATE(2025, 12, 29), DATE(2026, 1, 5))),
        ("2024-02-29", Period("day", DATE(2024, 2, 29), DATE(2024, 3, 1))),
        ("rolling:2026-03-31", Period("rolling_90d", DATE(2026, 1, 1), DATE(2026, 4, 1))),
    ],
)
def test_a_window_is_read_as_the_views_have_it(text: str, expected: Period) -> None:
    """A window that is one day off names another figure, or none."""
    assert parse(text) == expected


def test_weeks_may_start_on_sunday() -> None:
    """Where the views' weeks start on Sunday, an ISO week means the one that holds its Monday."""
    assert parse("2026-W31", "sunday") == Period("week", DATE(2026, 7, 26), DATE(2026, 8, 2))


@pytest.mark.parametrize(
    "text",
    ["", "2026-Q5", "2026-02/P4M", "2026-13/P3M", "0000",
     "9999", "2026-13", "2026-W54", "2025-02-29", "1969-12", "9999-Q4", "2026-q3 ", "rolling:",
     "\u0662\u0660\u0662\u0666-01", "rolling:2026",
     "2026-Q3' OR 1", "0001-01-01", "2026-W00", "2026-08-15; DROP TABLE x"],
)  # fmt: skip
def test_what_is_no_window_is_one_sentence(text: str) -> None:
    """Whoever mistypes a window reads how one is written."""
    with pytest.raises(PeriodError, match="is no window: give one as 2026-Q3") as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_window_or_a_sentence(text: str) -> None:
    """Nothing that is typed ends in another error."""
    try:
        period = parse(text)
    except PeriodError:
        return
    assert period.start < period.end


@given(st.dates(DATE(1971, 1, 1), DATE(2148, 12, 31)))
def test_every_day_lies_in_its_own_windows(day: dt.date) -> None:
    """Day, week, month and quarter of a date hold that date, and the day is as long as one."""
    year, week, _ = day.isocalendar()
    texts = (f"{day}", f"{year}-W{week:02}", f"{day:%Y-%m}", f"{day.year}-Q{(day.month + 2) // 3}", f"rolling:{day}")
    periods = [parse(text) for text in texts]
    assert all(period.start <= day < period.end for period in periods)
    assert [(p.end - p.start).days for p in (periods[0], periods[1], periods[4])] == [1, 7, 90]
