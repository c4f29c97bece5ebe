"""Which state goes with a generation, and what is left to another release that goes on with its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client
from clickhouse_migrations.exceptions import MigrationException

from sinks import compare, generations, states
from sinks.clickhouse import ClickHouseSink
from sinks.migrate import migrate
from sinks.settings import Warehouse
from sinks.states import WorkerState
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def warehouse(client: Client) -> Iterator[Warehouse]:
    """A deployment of this module's own: its tables are changed by hand."""
    made = Warehouse(database=f"cx_s{secrets.token_hex(4)}")
    migrate(client, made)
    yield made
    for database in (made.database, made.meta, *generations.names(client, made)):
        client.execute(f"DROP DATABASE IF EXISTS `{database}` SYNC")


def test_a_generation_goes_with_its_own_state_or_that_of_the_one_before_it(
    client: Client, warehouse: Warehouse
) -> None:
    """A rebuild under one format is served by the workers as they stand; their changelogs do not change."""
    assert states.of(client, warehouse, ("g1", "g2")) is None
    states.note(client, warehouse, "g2", WorkerState("g2", "2"))
    assert states.of(client, warehouse, ("g1",)) is None
    assert states.of(client, warehouse, ("g1", "g2", "g3")) == WorkerState("g2", "2")
    states.note(client, warehouse, "g1", WorkerState("", "1"))
    states.note(client, warehouse, "g2", WorkerState("g2", "3"))
    assert states.of(client, warehouse, ("g1", "g2")) == WorkerState("g2", "3")
    assert states.of(client, warehouse, ("g1", "g4")) == WorkerState("", "1")
    states.create(client, warehouse)
    assert states.of(client, warehouse, ("g1",)) == WorkerState("", "1")


def test_what_another_release_writes_is_left_as_it_made_it(client: Client, warehouse: Warehouse) -> None:
    """Its own `cx restart` must find what it left: it may be needed at any time until the switch, and after it."""
    served, other = f"{warehouse.database}_g1", generations.create(client, warehouse)
    for generation in (served, other):
        for book in generations.BOOKS:
            client.execute(f"TRUNCATE TABLE IF EXISTS {generation}.{book}")
    client.execute(f"DROP VIEW {warehouse.database}.response")
    assert migrate(client, warehouse, leave=[served]) == served
    assert generations.applied(client, served) == set()
    assert max(generations.applied(client, other, "schema_versions")) == 19
    assert not client.execute(f"EXISTS {warehouse.database}.response")[0][0]
    assert migrate(client, warehouse) == served
    assert client.execute(f"EXISTS {warehouse.database}.response")[0][0]


def test_a_database_that_a_newer_release_has_added_to_is_accepted(client: Client, warehouse: Warehouse) -> None:
    """A deploy that is taken back leaves its migrations behind; `cx restart` of the version before refused them."""
    generation = generations.create(client, warehouse)
    for book in generations.BOOKS:
        client.execute(f"CREATE TABLE IF NOT EXISTS {generation}.{book} AS {generation}.schema_versions")
        client.execute(f"INSERT INTO {generation}.{book} (version, md5, script) VALUES", [(9_999, "m", "s")])
    migrate(client, warehouse)
    assert 9_999 in generations.applied(client, generation)
    client.execute(f"DELETE FROM {generation}.schema_versions WHERE version = 19")
    with pytest.raises(MigrationException, match="not known"):
        migrate(client, warehouse)
    generations.drop(client, warehouse, generation)


def test_tables_of_two_releases_are_compared_by_what_both_have(client: Client, warehouse: Warehouse) -> None:
    """The former release's tables lack new columns, and a table that it does not have is new as a whole."""
    a, b = (generations.create(client, warehouse) for _ in range(2))
    for database, number in ((a, 1.0), (b, 2.0)):
        same = row("answer", 1, account_id="acme", response_id="r", question_id="q", number=1.0)
        other = row("answer", 1, account_id="acme", response_id="s", question_id="q", number=number)
        ClickHouseSink(client, database).insert({"answer": [same, other]})
        ClickHouseSink(client, database).insert({"policy": [row("policy", 1, policy="p", value="v")]})
    client.execute(f"ALTER TABLE {a}.answer DROP COLUMN contact_id")
    client.execute(f"DROP TABLE {a}.policy SYNC")
    found = {each.table: each for each in compare.compare(client, a, b, two_releases=True) if not each.equal}
    assert found["answer"].columns == {"number": 1}
    assert (found["policy"].extra, found["policy"].missing, found["policy"].rows) == (1, 0, 0)
    assert set(found) == {"answer", "policy"}
    backwards = {each.table: each for each in compare.compare(client, b, a, two_releases=True) if not each.equal}
    assert (backwards["policy"].extra, backwards["policy"].missing, backwards["policy"].rows) == (0, 1, 1)
    for generation in (a, b):
        generations.drop(client, warehouse, generation)
