"""Texts of cells as values: money digit by digit, dates as either end of their day."""

import datetime as dt
import zoneinfo
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.mapping import MappingError, parse
from streams.ingest.scalars import CellError, clock, money

_PLACES = st.integers(0, 6)


@given(st.integers(-(10**12), 10**12), _PLACES, st.booleans())
def test_an_amount_is_the_decimal_that_it_says(minor: int, exponent: int, grouped: bool) -> None:
    """Held against Python's decimals: a cent lost in a million rows is found by nobody."""
    text = f"{Decimal(minor).scaleb(-exponent):{',' if grouped else ''}f}"
    assert money(exponent, ".", "," if grouped else "")(text) == minor


@given(st.integers(0, 10**9), _PLACES, st.integers(0, 4))
def test_places_may_be_left_out_and_zeros_added(minor: int, exponent: int, zeros: int) -> None:
    """Exports write 50.4 and 50.400 for 50.40; both are the same money."""
    exact = Decimal(minor).scaleb(-exponent)
    read = money(exponent, ".", "")
    assert read(f"{exact:f}" + ("0" * zeros if exact.as_tuple().exponent else "")) == minor
    assert read(f"{exact.normalize():f}") == minor


@pytest.mark.parametrize(
    ("exponent", "decimal", "group", "text", "minor"),
    [
        (2, ".", "", "50.39", 5039),
        (2, ".", "", "97.6", 9760),
        (2, ".", "", "+61", 6100),
        (2, ",", "\u00a0", "1\u00a0234\u00a0567,05", 123_456_705),
        (2, ",", ".", "-1.234,5", -123_450),
        (0, ".", "", "30000.00", 30_000),
        (3, ".", "", "0.001", 1),
        (2, ".", "", "0.29", 29),
    ],
)
def test_amounts_as_tables_write_them(exponent: int, decimal: str, group: str, text: str, minor: int) -> None:
    """0.29 times 100 is 28.999999999999996 in floats; commas and blanks mean other things in other countries."""
    assert money(exponent, decimal, group)(text) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50.391",
        "1e3",
        "50.",
        ".5",
        "1,234.5",
        "12,34",
        "nan",
        "\u0665\u0660",
        "$5",
        "--5",
        "5 0",
        "9" * 19,
        "9" * 5_000,
    ],
)
def test_what_is_no_amount_is_rejected(text: str) -> None:
    """A third decimal place would have to be rounded, and nobody has said how."""
    with pytest.raises(CellError):
        money(2, ".", "")(text)


@pytest.mark.parametrize(
    ("text", "minor"), [("1,234.5", 123_450), ("1234.5", 123_450), ("12,34", None), ("1,2345", None)]
)
def test_groups_are_of_three(text: str, minor: int | None) -> None:
    """1,2345 read as 12345 would be a guess; it may as well be a decimal comma."""
    read = money(2, ".", ",")
    if minor is None:
        with pytest.raises(CellError):
            read(text)
    else:
        assert read(text) == minor


@given(
    st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"])
)
def test_the_end_of_a_day_is_a_microsecond_before_the_next(day: dt.date, zone: str) -> None:
    """Days of 23 and 25 hours have ends, too; due at the end of a day is overdue from the next one on."""
    end = clock("%d/%m/%Y", zone, "end")(f"{day:%d/%m/%Y}")
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=end)
    here, after = (each.astimezone(zoneinfo.ZoneInfo(zone)) for each in (moment, moment + dt.timedelta(microseconds=1)))
    assert here.date() == day
    assert after.date() == day + dt.timedelta(days=1)


@pytest.mark.parametrize("day", ["start", "end"])
@pytest.mark.parametrize("text", ["31/12/9999", "01/01/0001", "32/01/2020", "2020-01-01"])
def test_dates_at_the_end_of_the_calendar_are_rejects(text: str, day: str) -> None:
    """9999 means "never" in many tables; the day after it stops Python's calendar, and must not stop the import."""
    read = clock("%d/%m/%Y", "Asia/Tokyo", day)
    if day == "start" and text.endswith("9999"):
        assert read(text) > 0
        return
    if day == "end" and text.endswith("0001"):
        assert read(text) < 0
        return
    with pytest.raises(CellError):
        read(text)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("{column: A, as: money}", "`as: money` and `exponent` belong together."),
        ("{column: A, exponent: 2}", "`as: money` and `exponent` belong together."),
        ("{column: A, as: money, exponent: 7}", "Expected `int` <= 6"),
        ('{column: A, as: money, exponent: 2, group: "."}', "`decimal` and `group` must be two different marks."),
        ('{column: A, as: money, exponent: 2, decimal: "5"}', "matching regex"),
        ('{column: A, as: time, format: "%Y-%m-%d %H", day: end}', "`day: end` is for dates"),
        ("{column: A, day: end}", "`day` means nothing beside `as: text`"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_refused(cell: str, sentence: str) -> None:
    """Before the first row is read, with the place and what to change."""
    text = (
        f"source: s\nrows:\n  - event: e\n    id: [A]\n    fields: {{account_id: a, occurred_at: 0, total: {cell}}}\n"
    )
    with pytest.raises(MappingError, match="rows") as caught:
        parse(text)
    assert sentence in str(caught.value)
