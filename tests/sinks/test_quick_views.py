"""What answers quickly says what the plain view says: as stored, and as it was written before."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client

from sinks import stored, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.watched_histories import Watched

pytestmark = pytest.mark.servers
FORMER = ("health_now", "risk_open")
COMPARED = (*FORMER, "mrr_at_risk")
STORED = (
    "manager_portfolio",
    "renewals_due",
    "renewal_rate_gross",
    "renewal_rate_net",
    "renewal_rate_logo",
    "renewal_credit",
    "portfolio_handover",
    *COMPARED,
)
"""What people are paid or called by; time alone changes nothing in them within a day."""
ZONE = Warehouse(time_zone="Europe/Berlin")


@pytest.fixture
def now(client: Client) -> int:
    return int(client.execute("SELECT toUnixTimestamp64Micro(now64(6))")[0][0])


def test_what_is_stored_is_what_the_view_says_of_histories_and_of_their_restatement(
    client: Client, empty: Callable[[Warehouse], Migrated], now: int
) -> None:
    """Who reads the quick answer is to be paid by the same figures as who reads the exact one, corrections included."""
    warehouse, generation = empty(ZONE)
    kept_of = {view.name: view.stored.where for view in views.load() if view.stored}
    for seed in range(2):
        ClickHouseSink(client, generation, checked=True).insert(Watched(seed, now).rows())
        for name in STORED:
            stored.refresh(client, warehouse, name)
            client.execute(f"SYSTEM WAIT VIEW {warehouse.database}.{stored.name(name)}")
            kept = f"SELECT * EXCEPT ({stored.STORED_AT.name}) FROM {warehouse.database}.{stored.name(name)}"
            exact = f"SELECT * FROM {warehouse.database}.{name} WHERE {kept_of[name]}"
            assert _ordered(client, kept) == _ordered(client, exact) != [], (seed, name)


@pytest.fixture
def former(client: Client, empty: Callable[[Warehouse], Migrated]) -> Iterator[str]:
    """Give a database with the former views, over the others as they are."""
    warehouse, generation = empty(ZONE)
    database = f"{warehouse.database}_slow"
    client.execute(f"CREATE DATABASE {database}")
    selects = {view.name: view.select for view in views.load() if view.name in COMPARED}
    selects |= {name: (Path(__file__).parent / "former" / f"{name}.sql").read_text("utf-8") for name in FORMER}
    for name in COMPARED:
        text = views.filled(selects[name], warehouse, generation=generation)
        for other in COMPARED:
            text = text.replace(f"{warehouse.database}.{other}", f"{database}.{other}")
        client.execute(f"CREATE VIEW {database}.{name} AS {text}")
    yield database
    client.execute(f"DROP DATABASE {database} SYNC")


def test_views_that_read_less_say_what_they_said_before(
    client: Client, empty: Callable[[Warehouse], Migrated], former: str, now: int
) -> None:
    """Revenue at risk that leaves out a merged account, or a wrong band before the last one, would go unseen."""
    seen = 0
    for seed in range(4):
        warehouse, generation = empty(ZONE)
        ClickHouseSink(client, generation, checked=True).insert(Watched(seed, now).rows())
        for view in COMPARED:
            # A view may have got columns since.
            names = ", ".join(name for name, *_ in client.execute(f"DESCRIBE {former}.{view}"))
            had = _ordered(client, f"SELECT {names} FROM {former}.{view}")
            assert _ordered(client, f"SELECT {names} FROM {warehouse.database}.{view}") == had, (seed, view)
            seen += len(had)
    assert seen > 40


def _ordered(client: Client, query: str) -> list[Any]:
    return list(client.execute(f"{query} ORDER BY ALL"))
