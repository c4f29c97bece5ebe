"""Migration and generations: repeatable, safe beside each other, with a way back."""

import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import catalogue, generations, view_types
from sinks import migrate as migrating
from sinks.clickhouse import ClickHouseSink
from sinks.generations import GenerationError
from sinks.migrate import described, migrate
from sinks.promotion import point
from sinks.settings import Warehouse
from sinks.tables import TABLES, Column
from sinks.views import View, load, select
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers


@pytest.fixture
def warehouse(database: str) -> Iterator[Warehouse]:
    return Warehouse(database=database)


def _made(client: Client, database: str) -> list[tuple[str, str]]:
    # What stored answers are computed into comes and goes, and has names that begin with a dot.
    query = (
        "SELECT name, create_table_query FROM system.tables"
        " WHERE startsWith(database, %(db)s) AND NOT startsWith(name, '.') ORDER BY name"
    )
    found: list[tuple[str, str]] = client.execute(query, {"db": database})
    return found


def test_migrating_twice_changes_nothing(client: Client, warehouse: Warehouse) -> None:
    """Every start of the product migrates."""
    first = migrate(client, warehouse)
    made = _made(client, warehouse.database)
    assert migrate(client, warehouse) == first == f"{warehouse.database}_g1"
    assert _made(client, warehouse.database) == made


@pytest.fixture
def short(client: Client) -> Iterator[Warehouse]:
    made = Warehouse(database="b")
    yield made
    for name in (made.database, f"{made.database}_g1", made.meta):
        client.execute(f"DROP DATABASE IF EXISTS `{name}` SYNC")


def test_a_name_of_one_letter_is_a_name(client: Client, short: Warehouse) -> None:
    """ClickHouse takes `b.response` for a column where a view calls something b: such a database was never made."""
    assert migrate(client, short) == "b_g1"
    assert client.execute("SELECT count() FROM b.csat") == [(0,)]


def test_two_migrations_at_once_end_in_the_same_place(
    open_client: Callable[[], Client], client: Client, warehouse: Warehouse
) -> None:
    """Two workers of a rolling deployment start together, and neither may fail or leave half of it."""
    failures: list[BaseException] = []

    def run() -> None:
        own = open_client()
        try:
            migrate(own, warehouse)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)
        finally:
            own.disconnect()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    made = _made(client, warehouse.database)
    migrate(client, warehouse)
    assert _made(client, warehouse.database) == made
    assert generations.names(client, warehouse) == [f"{warehouse.database}_g1"]


def test_types_that_are_not_asked_for_are_those_of_the_select(client: Client, database: str) -> None:
    """Metric views declare types, and others are kept from a server's answers: a wrong one would convert silently.

    Asked under the settings that are farthest from those of all other tests.
    """
    warehouse = msgspec.structs.replace(view_types.OTHERS[0], database=database)
    current = migrate(client, warehouse)
    version = client.connection.server_info.version_tuple()
    for view in (*load(), catalogue.view()):
        assert all(column.comment for column in view.columns), view.name
        found = described(client, view, select(view, warehouse, current))
        assert view_types.known(view, warehouse, version) in (None, found), view.name
        for column, said in zip(found, view.columns, strict=True):
            kind = column.type.replace("LowCardinality(String)", "String")
            assert said.type in ("", column.type, kind, f"Nullable({kind})"), (view.name, column.name, column.type)


def test_a_migration_asks_for_few_types(client: Client, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every start of the product migrates, and to ask takes the server ten times as long as to make the views."""
    asked: list[str] = []

    def noting(client: Client, view: View, select: str) -> list[Column]:
        asked.append(view.name)
        return described(client, view, select)

    monkeypatch.setattr(migrating, "described", noting)
    monkeypatch.setattr(migrating, "_DESCRIBED", {})
    migrate(client, warehouse)
    version = client.connection.server_info.version_tuple()
    assert asked == [view.name for view in view_types.asked() if not view_types.known(view, warehouse, version)]


def test_promotion_moves_the_views_and_back(client: Client, warehouse: Warehouse) -> None:
    """A rebuilt generation is shown by promoting it, and the former one again by promoting that."""
    first = migrate(client, warehouse)
    second = generations.create(client, warehouse)
    given = {"response_id": "r", "nps": 9.0, "submitted_at": 1_772_442_000_000_000}
    ClickHouseSink(client, second).insert({"response": [row("response", account_id="new", **given)]})
    count = f"SELECT sum(n) FROM {warehouse.database}.nps WHERE grain = 'day' AND dimension = 'all'"
    assert client.execute(count) == [(0,)]
    point(client, warehouse, second)
    assert client.execute(count) == [(1,)]
    assert generations.current(client, warehouse) == second == migrate(client, warehouse)
    point(client, warehouse, first, "back")
    assert client.execute(count) == [(0,)]


def test_a_promotion_cut_short_is_completed_by_the_next_migration(client: Client, warehouse: Warehouse) -> None:
    """The log is written before the views are moved, so that a crash between them is repaired forwards."""
    migrate(client, warehouse)
    second = generations.create(client, warehouse)
    generations.record(client, warehouse, second)
    assert migrate(client, warehouse) == second
    for table in TABLES:
        made = client.execute(f"SHOW CREATE TABLE {warehouse.database}.{table}")[0][0]
        assert f"FROM {second}.{table}" in made


def test_the_current_generation_cannot_be_dropped_and_an_unknown_one_not_promoted(
    client: Client, warehouse: Warehouse
) -> None:
    """A slip of the hand must not take the views' rows away."""
    first = migrate(client, warehouse)
    with pytest.raises(GenerationError, match="promote another"):
        generations.drop(client, warehouse, first)
    with pytest.raises(GenerationError, match="_g9"):
        point(client, warehouse, f"{warehouse.database}_g9")
    second = generations.create(client, warehouse)
    generations.drop(client, warehouse, second)
    assert generations.names(client, warehouse) == [first]


def test_settings_change_names_and_calendar_only(client: Client, warehouse: Warehouse) -> None:
    """A deployment in another zone re-renders the views over the same tables."""
    migrate(client, warehouse)
    moved = msgspec.structs.replace(warehouse, time_zone="Asia/Tokyo", week_start="sunday", low_sample=5)
    assert migrate(client, moved) == f"{warehouse.database}_g1"
    shown = dict(client.execute(f"SELECT name, value FROM {warehouse.database}.metric_setting"))
    assert (shown["time_zone"], shown["week_mode"], shown["low_sample"]) == ("Asia/Tokyo", "0", "5")
