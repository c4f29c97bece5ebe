"""Views that join an account's owners once say what they said when they joined them for every moment apart."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import sql, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.owned_histories import History

FORMER = {path.stem: path.read_text("utf-8").strip() for path in (Path(__file__).parent / "former").glob("*.sql")}
"""What the views were before: one ASOF join for each moment, and maps in every step."""
COMPARED = (
    "portfolio_span",
    "portfolio_told",
    "portfolio_account",
    "renewal_course",
    "renewal_credit",
    "renewals_due",
    "mrr_span",
)
READS = re.compile(r"\$\{cx\}\.(\w+)")
NOW = {
    "owners": ("arrayMap(_o -> (_o.1, _o.2, _o.3, _o.4, _o.5), arrayFilter(_o -> _o.8 = 1, owners)) AS owners"),
    "mrr": "toDecimal128(trunc(mrr, 6), 6) AS mrr",
}
"""Columns that have said more since, as they said it before: shares of owners, and all places of amounts."""


@pytest.fixture
def both(client: Client, empty: Callable[[Warehouse], Migrated]) -> Iterator[tuple[Warehouse, str, str]]:
    """Give the database of the views, its generation, and a database with the former ones over the same tables."""
    warehouse, generation = empty(Warehouse(time_zone="Europe/Berlin"))
    former = msgspec.structs.replace(warehouse, database=f"{warehouse.database}_former")
    client.execute(f"CREATE DATABASE {former.database}")
    needed = {"manager_portfolio", *COMPARED}
    for view in reversed(views.load()):
        if view.name in needed:
            needed |= set(READS.findall(FORMER.get(view.name, view.select)))
    known = [msgspec.structs.replace(view, select=FORMER.get(view.name, view.select)) for view in views.load()]
    for view in views.in_order(view for view in known if view.name in needed):
        text = views.filled(view.select, former, generation=generation).replace(former.meta, warehouse.meta)
        client.execute(f"CREATE VIEW {former.database}.{sql.name(view.name)} AS {text}")
    yield warehouse, generation, former.database
    client.execute(f"DROP DATABASE {former.database} SYNC")


@pytest.mark.servers
def test_owners_joined_once_are_the_owners_of_every_moment(
    client: Client, both: tuple[Warehouse, str, str], empty: Callable[[Warehouse], Migrated]
) -> None:
    """A quicker view that credits another manager once in a thousand renewals would be paid out before it is seen."""
    warehouse, generation, former = both
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    seen = 0
    for seed in range(6):
        empty(Warehouse(time_zone="Europe/Berlin"))
        ClickHouseSink(client, generation, checked=True).insert(History(seed, now).rows())
        for view in ("manager_portfolio", *COMPARED):
            names = [name for name, *_ in client.execute(f"DESCRIBE {former}.{view}") if name != "as_of"]
            had = client.execute(f"SELECT {', '.join(names)} FROM {former}.{view} ORDER BY ALL")
            now_said = ", ".join(NOW.get(name, name) for name in names)
            found = client.execute(f"SELECT {now_said} FROM {warehouse.database}.{view} ORDER BY ALL")
            assert found == had, (seed, view)
            seen += len(had)
    assert seen > 3_000
