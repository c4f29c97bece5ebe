"""A migrated ClickHouse database that the tests of this folder share, emptied before each of them."""

import secrets
from collections.abc import Callable, Iterator

import msgspec
import pytest
from clickhouse_driver import Client

from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.stack import Stack
from sinks import generations
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse
from sinks.tables import TABLES

Migrated = tuple[Warehouse, str]


@pytest.fixture(scope="session")
def open_client(stack: Stack) -> Callable[[], Client]:
    def opened() -> Client:
        return connect(stack.clickhouse_host, stack.clickhouse_port, password=stack.passwords[ADMINISTRATOR])

    return opened


@pytest.fixture(scope="session")
def client(open_client: Callable[[], Client]) -> Iterator[Client]:
    opened = open_client()
    yield opened
    opened.disconnect()


@pytest.fixture(scope="session")
def migrated(client: Client) -> Iterator[Callable[[Warehouse], Migrated]]:
    """Migrate a database of its own for every set of settings, once; all are dropped in the end."""
    made: dict[Warehouse, Migrated] = {}

    def prepare(settings: Warehouse) -> Migrated:
        if settings not in made:
            warehouse = msgspec.structs.replace(settings, database=f"cx_s{secrets.token_hex(4)}")
            made[settings] = (warehouse, migrate(client, warehouse))
        return made[settings]

    yield prepare
    for warehouse, _ in made.values():
        for database in (warehouse.database, warehouse.meta, *generations.names(client, warehouse)):
            client.execute(f"DROP DATABASE IF EXISTS `{database}` SYNC")


@pytest.fixture
def empty(client: Client, migrated: Callable[[Warehouse], Migrated]) -> Callable[[Warehouse], Migrated]:
    """Give the database of the settings with all tables empty: most are, and need no statement."""

    def emptied(settings: Warehouse) -> Migrated:
        warehouse, generation = migrated(settings)
        held = "SELECT DISTINCT table FROM system.parts WHERE database = %(database)s AND active"
        for (table,) in client.execute(held, {"database": generation}):
            if table in TABLES:
                client.execute(f"TRUNCATE TABLE `{generation}`.`{table}`")
        return warehouse, generation

    return emptied
