"""Time to value on the real engine, beside an oracle that takes another way to the same curve."""

import datetime as dt
import random
from collections.abc import Callable
from fractions import Fraction
from statistics import median as middle

import pytest
from clickhouse_driver import Client
from hypothesis import given
from hypothesis import strategies as st

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row
from tests.support.survival import Start, curve, median

DAY = dt.timedelta(days=1)
COHORTS = 60
PUBLISHED: list[Start] = [
    (5, "reached"), (8, "reached"), (12, "reached"), (20, "open"), (25, "reached"),
    (30, "open"), (30, "open"), (40, "reached"), (60, "open"), (60, "open"),
]  # fmt: skip
WITH_CHURN: list[Start] = [(5, "reached"), (8, "churned"), (10, "churned"), (20, "reached"), (30, "open")]


def test_the_oracle_gives_the_published_curves() -> None:
    """It judges the view, so it must be right itself: these were computed by `lifelines` 0.30.3."""
    assert [round(float(left), 4) for _, left in curve(PUBLISHED)] == [0.9, 0.8, 0.7, 0.5833, 0.3889]
    assert (median(PUBLISHED), middle([days for days, outcome in PUBLISHED if outcome == "reached"])) == (40, 12)
    assert [float(left) for _, left in curve(WITH_CHURN)] == [0.8, 0.6]
    assert median(WITH_CHURN) is None
    censored: list[Start] = [(days, "open" if outcome == "churned" else outcome) for days, outcome in WITH_CHURN]
    assert ([float(left) for _, left in curve(censored)], median(censored)) == ([0.8, 0.4], 20)


starts = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["reached", "open", "churned"])), min_size=1, max_size=9)


@given(starts)
def test_the_oracle_is_the_product_of_shares(drawn: list[Start]) -> None:
    """Redistribution and the product limit are the same curve: here the second, written down plainly."""
    left = Fraction(1)
    found = []
    for day in sorted({days for days, outcome in drawn if outcome == "reached"}):
        at_risk = sum(outcome == "churned" or days >= day for days, outcome in drawn)
        left *= 1 - Fraction(sum((days, outcome) == (day, "reached") for days, outcome in drawn), at_risk)
        found.append((day, left))
    assert curve(drawn) == found


def _cohort(chance: random.Random) -> list[Start]:
    return [
        (chance.randrange(1, 20), chance.choice(["reached", "reached", "open", "churned"]))
        for _ in range(chance.randrange(1, 25))
    ]


@pytest.mark.servers
def test_the_view_is_the_oracle(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Sixty random months of starts: curve, median and naive median, ties and empty halves among them."""
    warehouse, generation = empty(Warehouse())
    database = warehouse.database
    chance = random.Random(7)
    cohorts = {
        dt.datetime(2010 + month // 12, month % 12 + 1, 3, tzinfo=dt.UTC): _cohort(chance) for month in range(COHORTS)
    }
    rows: dict[str, list[object]] = {"onboarding": [], "mrr_movement": []}
    for begin, drawn in cohorts.items():
        for number, (days, outcome) in enumerate(drawn):
            of = {"account_id": f"{begin:%Y-%m}/{number}", "onboarding_id": "o", "starts_at": begin}
            end = begin + days * DAY
            if outcome == "reached":
                of |= {"first_value_at": end, "first_value_us": days * 86_400_000_000}
            elif outcome == "open":
                of |= {"paused_since": end}  # the clock stands there, whenever this runs
            else:
                moved = {"account_id": of["account_id"], "at": end, "kind": "churn", "subscription_id": "s"}
                rows["mrr_movement"].append(row("mrr_movement", **moved))
            rows["onboarding"].append(row("onboarding", **of))
    ClickHouseSink(client, generation, checked=True).insert(rows)  # type: ignore[arg-type]
    where = "WHERE grain = 'month' AND dimension = 'all' ORDER BY window_start"
    found = client.execute(
        f"SELECT window_start, value, naive_median_days, n FROM {warehouse.database}.time_to_value {where}"
    )
    expected = []
    for begin, drawn in cohorts.items():
        reached = [days for days, outcome in drawn if outcome == "reached"]
        naive = float(middle(reached)) if reached else None
        first = dt.date(begin.year, begin.month, 1)
        middle_day = median(drawn)
        expected.append((first, None if middle_day is None else float(middle_day), naive, len(drawn)))
    assert found == expected
    assert {value is None for _, value, *_ in found} == {True, False}
    shown = client.execute(f"SELECT window_start, days, survival FROM {database}.value_curve {where}, days")
    told = [(day.month, day.year, days, round(left, 9)) for day, days, left in shown]
    assert told == [
        (begin.month, begin.year, float(days), round(float(left), 9))
        for begin, drawn in cohorts.items()
        for days, left in curve(drawn)
    ]
