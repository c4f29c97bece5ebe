"""Generations: databases that each hold every table, one of which the views read from.

A replay fills a new generation beside the current one. Which generation is current is written down in a log of
promotions; the base views follow it, one statement each. A promotion that was cut short is completed by the next
migration, because the log is written first.
"""

import re
from importlib.resources import as_file, files

from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from sinks import sql, states
from sinks.settings import Warehouse

BOOKS = ("schema_versions", "schema_versions_2")
"""Tables in which a database notes the migrations that it has had. A release from before the second one refuses a
database whose first book holds what it does not know, so nothing newer is noted there (ADR 0146)."""
_FIRST_BOOK = {"migrations": 19, "meta": 4}
"""The last migration of each folder that is noted in the first book."""


class GenerationError(Exception):
    """A generation is not what the request takes it for; the message names it."""


def names(client: Client, warehouse: Warehouse) -> list[str]:
    """Every generation's database, oldest first."""
    rows = client.execute("SELECT name FROM system.databases")
    pattern = re.compile(rf"{re.escape(warehouse.database)}_g(\d+)")
    found = [(int(match[1]), match[0]) for (row,) in rows if (match := pattern.fullmatch(row))]
    return [name for _, name in sorted(found)]


def current(client: Client, warehouse: Warehouse) -> str | None:
    """Return the generation promoted last; None before the first promotion."""
    log = f"{sql.name(warehouse.meta)}.promotion"
    rows = client.execute(f"SELECT generation FROM {log} ORDER BY number DESC, promoted_at DESC LIMIT 1")  # noqa: S608
    return rows[0][0] if rows else None


def record(client: Client, warehouse: Warehouse, generation: str, action: str = "promote") -> None:
    """Write down that the views are to read from the generation: ``promote`` it, or ``back`` to it."""
    log = f"{sql.name(warehouse.meta)}.promotion"
    client.execute(
        f"INSERT INTO {log} (number, generation, action)"  # noqa: S608
        f" SELECT max(number) + 1, {sql.text(generation)}, {sql.text(action)} FROM {log}"
    )


def create_log(client: Client, warehouse: Warehouse) -> None:
    """Make the database that remembers promotions and replays, or bring it up to date. Twice is the same as once."""
    meta, cluster = sql.name(warehouse.meta), warehouse.on_cluster
    client.execute(f"CREATE DATABASE IF NOT EXISTS {meta} {cluster}")
    client.execute(
        f"CREATE TABLE IF NOT EXISTS {meta}.promotion {cluster}\n(\n"
        "    number UInt64 COMMENT 'Running number of the promotion; the highest is in force',\n"
        "    generation String COMMENT 'Database that the views were pointed at',\n"
        "    promoted_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was promoted, UTC'\n)\n"
        f"ENGINE = {warehouse.engine_prefix}MergeTree ORDER BY number\n"
        "COMMENT 'Which generation of tables the views have read from, and since when'"
    )
    states.create(client, warehouse)
    _apply(client, warehouse, warehouse.meta, "meta", {"META": meta})


def create(client: Client, warehouse: Warehouse) -> str:
    """Make the next generation with every table and return its name. Two at once get two generations."""
    while True:
        name = f"{warehouse.database}_g{_highest(client, warehouse) + 1}"
        try:
            client.execute(f"CREATE DATABASE {sql.name(name)} {warehouse.on_cluster}")
        except ServerException as error:
            if error.code != ErrorCodes.DATABASE_ALREADY_EXISTS:
                raise
        else:
            migrate(client, warehouse, name)
            return name


def _highest(client: Client, warehouse: Warehouse) -> int:
    """Return the highest number that a generation has had: what is said of a dropped one must never mean another."""
    meta = sql.name(warehouse.meta)
    told = client.execute(f"SELECT generation FROM {meta}.promotion UNION ALL SELECT generation FROM {meta}.replay")  # noqa: S608
    known = [*names(client, warehouse), *(name for (name,) in told)]
    return max((int(name.rpartition("_g")[2]) for name in known), default=0)


def migrate(client: Client, warehouse: Warehouse, generation: str) -> None:
    """Bring the generation's tables up to date; makes its database if it is not there. Twice is the same as once.

    Raises clickhouse_migrations' MigrationException when a migration that was applied has changed since.
    """
    client.execute(f"CREATE DATABASE IF NOT EXISTS {sql.name(generation)} {warehouse.on_cluster}")
    _apply(client, warehouse, generation, "migrations", {"GENERATION": sql.name(generation)})


def _apply(client: Client, warehouse: Warehouse, database: str, folder: str, variables: dict[str, str]) -> None:
    """Apply a folder's migrations to a database, which remembers those that it has had."""
    from clickhouse_migrations.connection import ClickhouseDriverConnection
    from clickhouse_migrations.migration import MigrationStorage
    from clickhouse_migrations.migrator import Migrator

    given = {
        "ON_CLUSTER": warehouse.on_cluster,
        "ENGINE_PREFIX": warehouse.engine_prefix,
        "REPLACING_ENGINE": f"{warehouse.engine_prefix}ReplacingMergeTree",
        **variables,
    }
    with as_file(files("sinks") / folder) as found:
        every = MigrationStorage(found).migrations()
    for (first, end), table in zip(_stretches(folder), BOOKS, strict=True):
        known = [each for each in every if first <= each.version < end]
        if known and not _is_ahead(applied(client, database, table), {each.version for each in known}):
            migrator = Migrator(ClickhouseDriverConnection(client), migrations_table=f"{database}.{table}")
            migrator.init_schema(warehouse.cluster or None)
            migrator.apply_migration(known, multi_statement=True, variables=given)


def _stretches(folder: str) -> tuple[tuple[int, int], ...]:
    """Return the first number of the migrations that each book is about, and the number behind its last."""
    behind = _FIRST_BOOK[folder] + 1
    return (0, behind), (behind, 1 << 32)


def _is_ahead(had: set[int], known: set[int]) -> bool:
    """Tell whether a newer release has been here, which has added to the tables: this one can work with them."""
    return known < had and max(had) > max(known)


def applied(client: Client, generation: str, *books: str) -> set[int]:
    """Return the numbers of the migrations that a generation has had, by all books or the given ones."""
    there = client.execute(
        "SELECT name FROM system.tables WHERE database = %(database)s AND name IN %(books)s",
        {"database": generation, "books": books or BOOKS},
    )
    told = (f"SELECT version FROM {sql.name(generation)}.{book}" for (book,) in there)  # noqa: S608
    return {int(version) for each in told for (version,) in client.execute(each)}


def require(client: Client, warehouse: Warehouse, generation: str) -> None:
    """Raise GenerationError unless there is such a generation."""
    if generation not in (known := names(client, warehouse)):
        raise GenerationError(f"there is no generation {generation!r}; there are {', '.join(known) or 'none'}")


def drop(client: Client, warehouse: Warehouse, generation: str) -> None:
    """Remove a generation and its rows for good. Raises GenerationError for the current one."""
    require(client, warehouse, generation)
    if generation == current(client, warehouse):
        raise GenerationError(f"{generation} is what the views read from; promote another one first")
    client.execute(f"DROP DATABASE {sql.name(generation)} {warehouse.on_cluster} SYNC")
