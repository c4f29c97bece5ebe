"""Stored answers: the view's own rows, quick to read, right again after the next computation."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import generations, stored
from sinks.clickhouse import ClickHouseSink
from sinks.migrate import migrate
from sinks.promotion import point
from sinks.settings import Warehouse
from sinks.views import load
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers
NAMES = [view.name for view in load() if view.stored is not None]
DAY = 86_400_000_000
JANUARY = 1_735_689_600_000_000
"""2025-01-01, UTC, in microseconds."""


def _movement(account: str, days: int, kind: str, amount: int, before: int = 0, **more: Any) -> Any:
    at = JANUARY + days * DAY
    given: dict[str, Any] = {"rate_at": at, "rate_at_before": at, "subscription_id": "s", "plan_id": "p", **more}
    micros = {"amount_micros": amount * 1_000_000, "fx_base_micros": before * 1_000_000}
    return row("mrr_movement", account_id=account, at=at, kind=kind, **micros, **given)


def _computed(client: Client, warehouse: Warehouse, name: str) -> None:
    stored.refresh(client, warehouse, name)
    client.execute(f"SYSTEM WAIT VIEW {warehouse.database}.{stored.name(name)}")


def _both(client: Client, warehouse: Warehouse, name: str) -> tuple[list[Any], list[Any]]:
    """What is stored, without when, and what the view says of the same slices."""
    (where,) = (view.stored.where for view in load() if view.name == name and view.stored)
    kept = f"SELECT * EXCEPT ({stored.STORED_AT.name}) FROM {warehouse.database}.{stored.name(name)} ORDER BY ALL"
    exact = f"SELECT * FROM {warehouse.database}.{name} WHERE {where} ORDER BY ALL"
    return client.execute(kept), client.execute(exact)


def test_corrections_of_closed_months_show_after_the_next_computation(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """A stored figure that a correction, a late rate or a late assignment cannot reach would be wrong for ever."""
    warehouse, generation = empty(Warehouse())
    sink = ClickHouseSink(client, generation, checked=True)
    moved = [
        _movement("a", 9, "new", 100),
        _movement("a", 70, "expansion", 20, 100),
        _movement("b", 40, "new", 50, currency="EUR"),
    ]
    sink.insert({"mrr_movement": moved, "manager_assignment": [_owner("a", 0, "mia")]})
    _computed(client, warehouse, "mrr_bridge")
    first, exact = _both(client, warehouse, "mrr_bridge")
    assert first == exact != []
    corrected = [
        {"mrr_movement": [_movement("a", 70, "expansion", 35, 100, version=2, is_correction=True)]},
        {"mrr_movement": [_movement("a", 9, "new", 100, version=2, is_deleted=1)]},
        {"fx_rate": [row("fx_rate", base="EUR", quote="USD", valid_from=JANUARY, rate_micros=1_100_000)]},
        {"manager_assignment": [_owner("a", 65, "noa")]},
    ]
    for tables in corrected:
        before = _both(client, warehouse, "mrr_bridge")[0]
        sink.insert(tables)
        kept, exact = _both(client, warehouse, "mrr_bridge")
        assert kept == before != exact
        _computed(client, warehouse, "mrr_bridge")
        kept, exact = _both(client, warehouse, "mrr_bridge")
        assert kept == exact


def _owner(account: str, days: int, manager: str) -> Any:
    at = JANUARY + days * DAY
    return row("manager_assignment", account_id=account, manager_id=manager, valid_from=at, event_id=manager)


def test_a_stored_year_reads_little(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Speed is why answers are stored: what is read must not grow with the movements behind them."""
    warehouse, generation = empty(Warehouse())
    moved = [_movement(f"a{n}", n % 300, "new", 100) for n in range(3000)]
    ClickHouseSink(client, generation).insert({"mrr_movement": moved})
    _computed(client, warehouse, "mrr_bridge")
    asked = "SELECT closing FROM {} WHERE grain = 'month' AND dimension = 'all' AND window_start < '2026-01-01'"
    assert client.execute(asked.format(f"{warehouse.database}.mrr_bridge_stored"))[-1:] == [(300_000,)]
    assert client.last_query.progress.rows < len(moved) / 10


@pytest.fixture
def alone(database: str) -> Warehouse:
    return Warehouse(database=database)


def _uuids(client: Client, warehouse: Warehouse) -> dict[str, Any]:
    query = "SELECT name, uuid FROM system.tables WHERE database = %(db)s AND engine = 'MaterializedView'"
    return dict(client.execute(query, {"db": warehouse.database}))


@pytest.mark.parametrize(("minutes", "others"), [(10, 30), (90, 60)])
def test_migrating_leaves_stored_answers_alone_until_they_differ(
    client: Client, alone: Warehouse, minutes: int, others: int
) -> None:
    """Every worker that starts migrates: an answer made anew each time would be empty half of the day."""
    alone = msgspec.structs.replace(alone, stored_minutes=minutes)
    migrate(client, alone)
    made = _uuids(client, alone)
    assert sorted(made) == sorted(map(stored.name, NAMES)) != []
    migrate(client, alone)
    assert _uuids(client, alone) == made
    migrate(client, msgspec.structs.replace(alone, stored_minutes=others))
    assert not set(_uuids(client, alone).values()) & set(made.values())


def test_a_new_answer_is_computed_where_somebody_deploys(client: Client, alone: Warehouse) -> None:
    """Who has just started has figures at once; a table that is only made costs the server nothing."""
    migrate(client, alone)
    never = "SELECT count() FROM system.view_refreshes WHERE database = %(db)s AND last_success_time IS NULL"
    assert client.execute(never, {"db": alone.database}) == [(len(NAMES),)]
    stored.compute_new(client, alone)
    for name in NAMES:
        client.execute(f"SYSTEM WAIT VIEW {alone.database}.{stored.name(name)}")
    assert client.execute(never, {"db": alone.database}) == [(0,)]


@pytest.mark.parametrize(("told", "usual", "watched"), [(10, 10, 1), (50, 50, 5)])
def test_what_people_watch_is_computed_more_often(
    client: Client, alone: Warehouse, told: int, usual: int, watched: int
) -> None:
    """A ticket that runs out of time within the hour must not wait ten minutes for its place in the list."""
    migrate(client, msgspec.structs.replace(alone, stored_minutes=told))
    query = "SELECT name, extract(create_table_query, 'REFRESH AFTER (\\d+) MINUTE') FROM system.tables"
    found = dict(client.execute(f"{query} WHERE database = %(db)s AND name LIKE '%%_stored'", {"db": alone.database}))
    assert (found["mrr_bridge_stored"], found["sla_running_stored"]) == (str(usual), str(watched))


def test_a_promotion_has_the_answers_computed_from_what_is_served_then(client: Client, alone: Warehouse) -> None:
    """Repaired figures must not wait behind stored ones."""
    migrate(client, alone)
    second = generations.create(client, alone)
    ClickHouseSink(client, second).insert({"mrr_movement": [_movement("a", 9, "new", 100)]})
    client.execute(f"SYSTEM WAIT VIEW {alone.database}.mrr_bridge_stored")
    assert client.execute(f"SELECT count() FROM {alone.database}.mrr_bridge_stored") == [(0,)]
    point(client, alone, second)
    client.execute(f"SYSTEM WAIT VIEW {alone.database}.mrr_bridge_stored")
    kept, exact = _both(client, alone, "mrr_bridge")
    assert kept == exact != []
