"""Filters on grain and dimension leave what they exclude unread."""

from collections.abc import Callable

import pytest
from clickhouse_driver import Client

from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated

ROWS = 40_000


@pytest.mark.servers
@pytest.mark.parametrize(
    ("grain", "dimension"), [("month", "all"), ("week", "account"), ("rolling_90d", "account"), ("day", "manager")]
)
def test_one_grain_and_dimension_read_the_answers_once(
    client: Client, empty: Callable[[Warehouse], Migrated], grain: str, dimension: str
) -> None:
    """A dashboard asks for one slice: ten branches read for one would make every page ten times as slow."""
    warehouse, generation = empty(Warehouse())
    # As merges leave a part: no key stands twice in it, so FINAL reads it straight.
    client.execute(
        f"INSERT INTO `{generation}`.response (account_id, response_id, status, submitted_at, nps, version)"
        " SELECT toString(number % 100), toString(number), 'submitted',"
        " toDateTime64('2025-06-01 00:00:00', 6, 'UTC') + toIntervalHour(number % 4000), number % 11, 1"
        f" FROM numbers({ROWS})",
        settings={"optimize_on_insert": 1},
    )
    client.execute(f"SELECT sum(n) FROM {warehouse.database}.nps WHERE grain = '{grain}' AND dimension = '{dimension}'")
    read = client.last_query.progress.rows
    # The watermark reads one column of every response once more, whatever is asked.
    assert ROWS <= read <= 2.2 * ROWS
    client.execute(
        f"SELECT sum(n) FROM {warehouse.database}.nps WHERE grain = '{grain}' AND dimension = 'account'"
        " AND dimension_value = '7'"
    )
    assert client.last_query.progress.rows <= 1.5 * ROWS
