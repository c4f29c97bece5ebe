"""Usage against the days before on the real engine: what a case with fixed days cannot tell, as it hangs on today."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.port import RowTuple
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

DAY = dt.timedelta(days=1)


def level(today: dt.datetime, days_ago: float, value: float, **fields: Any) -> RowTuple:
    given = {"account_id": "a", "meter": "seats", "measured_at": today - days_ago * DAY, "value": value}
    return row("usage_report", **(given | fields))


@pytest.mark.servers
def test_thirty_days_are_held_against_the_thirty_before(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """A source that begins to report every hour must not look like one whose use has changed: days weigh alike."""
    warehouse, generation = empty(Warehouse())
    today = dt.datetime.combine(dt.datetime.now(dt.UTC).date(), dt.time(), dt.UTC)
    reports = [
        *(level(today + dt.timedelta(milliseconds=each), 3, 12.0) for each in range(12)),
        level(today, 29, 6.0),
        level(today, 30, 10.0),
        level(today, 59, 20.0),
        level(today, 60, 1000.0),
        level(today, 2, 1000.0, is_test=True),
        level(today, 5, 7.0, meter="new"),
        level(today, 45, 7.0, meter="gone"),
        level(today, 45, 0.0, meter="from_nothing"),
        level(today, 5, 7.0, meter="from_nothing"),
    ]
    ClickHouseSink(client, generation, checked=True).insert({"usage_report": reports})
    found = client.execute(
        "SELECT meter, mean_30d, mean_before, change, days_30d, days_before, silent_days"
        f" FROM {warehouse.database}.usage_now ORDER BY meter"
    )
    assert found == [
        ("from_nothing", 7.0, 0.0, None, 1, 1, 5),
        ("gone", None, 7.0, None, 0, 1, 45),
        ("new", 7.0, None, None, 1, 0, 5),
        ("seats", 9.0, 15.0, pytest.approx(-40.0), 2, 2, 3),
    ]
