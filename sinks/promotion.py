"""Which generation is served, was served and can be served again; what a promotion and the way back do to rows.

Promotions are lines of a log. A promotion lays its generation on top of those that were served before; going back
takes the top one off. Every function here may be cut short anywhere and be called again.
"""

from collections.abc import Callable, Mapping

import msgspec
from clickhouse_driver import Client

from sinks import generations, migrate, replays, sql, stored, views
from sinks.settings import Warehouse
from sinks.tables import TABLES

LIVE_FROM = 1 << 40
"""Rows with this version or a higher one were written by live workers: a replay writes with epoch 0 (ADR 0003)."""

CrashHook = Callable[[str], None]


def no_crash(_point: str) -> None:
    """Do nothing: what production runs with."""


class Served(msgspec.Struct, frozen=True):
    """The generations that views have read from: ``order`` from the first to the current, ``taken_back`` besides."""

    order: tuple[str, ...]
    taken_back: frozenset[str]

    @property
    def current(self) -> str:
        return self.order[-1]

    @property
    def former(self) -> str | None:
        """What the way back leads to."""
        return self.order[-2] if len(self.order) > 1 else None


def served(client: Client, warehouse: Warehouse) -> Served:
    """Read the log of promotions. Raises GenerationError before the first one."""
    log = f"{sql.name(warehouse.meta)}.promotion"
    lines = client.execute(f"SELECT generation, action FROM {log} ORDER BY number, promoted_at")  # noqa: S608
    order: list[str] = []
    for generation, action in lines:
        if action == "back":
            order.pop()
        elif [generation] != order[-1:]:
            order.append(generation)
    if not order:
        raise generations.GenerationError("there are no tables yet: run `cx migrate` first")
    return Served(tuple(order), frozenset(generation for generation, _ in lines) - {*order})


def point(
    client: Client, warehouse: Warehouse, generation: str, action: str = "promote", crash: CrashHook = no_crash
) -> None:
    """Let the base views read from the generation: the line in the log first, then one statement for each view.

    Each view shows its table whole, before its statement and after it. The line says what holds from then on.
    Raises GenerationError when there is no such generation.
    """
    generations.require(client, warehouse, generation)
    if generations.current(client, warehouse) != generation:
        crash("before_line")
        generations.record(client, warehouse, generation, action)
        crash("after_line")
    for table in TABLES.values():
        for view in views.bases(table):
            migrate.apply(client, warehouse, view, generation)
        crash("between_views")
    # A release that adds one points the views before it makes it, which computes it as well.
    there = stored.made(client, warehouse)
    for view in views.load():
        if view.stored is not None and stored.name(view.name) in there:
            stored.refresh(client, warehouse, view.name)


def pointed(client: Client, warehouse: Warehouse) -> dict[str, str]:
    """Return which generation each base view reads from, by table."""
    made = client.execute(
        "SELECT name, as_select FROM system.tables WHERE database = %(database)s AND name IN %(tables)s",
        {"database": warehouse.database, "tables": tuple(TABLES)},
    )
    known = generations.names(client, warehouse)
    return {
        table: next((each for each in known if f"{each}.{table} " in f"{select.replace('`', '')} "), "")
        for table, select in made
    }


class Merged(msgspec.Struct, frozen=True):
    """What a merged generation was made of: its base, the repair, and the newest block of each table then.

    Blocks are numbered by ClickHouse in the order of inserts: what came later has a higher number.
    """

    base: str
    repair: str
    blocks: dict[str, int] = {}


def merge(client: Client, warehouse: Warehouse, repair: replays.Replay, base: str, crash: CrashHook = no_crash) -> str:
    """Make a generation that holds the base's rows, with those of the repaired accounts taken from the repair.

    Nothing may be written to the base meanwhile. Rows of the base are shared with it on disk. What an earlier attempt
    left behind is dropped. Returns the new generation's name.
    """
    discard_merges(client, warehouse, repair.generation)
    name = generations.create(client, warehouse)
    told = Merged(base, repair.generation)
    replays.begin(
        client,
        warehouse,
        name,
        plan_hash=repair.plan_hash,
        kind="merge",
        accounts=(),
        plan=msgspec.json.encode(told).decode(),
    )
    for table in TABLES.values():
        target, columns = f"{sql.name(name)}.{sql.name(table.name)}", ", ".join(map(sql.name, table.names))
        client.execute(f"ALTER TABLE {target} ATTACH PARTITION ALL FROM {sql.name(base)}.{sql.name(table.name)}")
        crash("mid_clone")
        if table.by_account:
            client.execute(
                f"DELETE FROM {target} WHERE account_id IN %(accounts)s",  # noqa: S608
                {"accounts": repair.accounts},
                settings={"lightweight_deletes_sync": 2, "max_query_size": 1 << 30},
            )
            source = f"{sql.name(repair.generation)}.{sql.name(table.name)}"
            client.execute(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source}")  # noqa: S608
    blocks = msgspec.json.encode(_blocks(client, name)).decode()
    replays.finish(client, warehouse, name, records=repair.records, resume=blocks)
    return name


def merges(client: Client, warehouse: Warehouse, repair: str) -> list[replays.Replay]:
    """Return the generations that were made from the repair and still exist, oldest first."""
    return [
        each
        for each in replays.listed(client, warehouse)
        if each.kind == "merge" and each.state != "dropped" and merged_of(each).repair == repair
    ]


def merged_of(replay: replays.Replay) -> Merged:
    """Read back what a merged generation was made of."""
    told = msgspec.json.decode(replay.plan, type=Merged)
    return msgspec.structs.replace(told, blocks=msgspec.json.decode(replay.resume or "{}", type=dict[str, int]))


def discard_merges(client: Client, warehouse: Warehouse, repair: str) -> None:
    """Drop what was made from the repair and never served."""
    order = served(client, warehouse)
    for each in merges(client, warehouse, repair):
        if each.generation not in order.order and each.generation not in order.taken_back:
            discard(client, warehouse, each.generation)


def discard(client: Client, warehouse: Warehouse, generation: str) -> None:
    """Drop the generation's tables and say so. Raises GenerationError for the current one."""
    if generation in generations.names(client, warehouse):
        generations.drop(client, warehouse, generation)
    if replays.state(client, warehouse, generation) is not None:
        replays.dropped(client, warehouse, generation)


def carry(client: Client, source: str, target: str, blocks: Mapping[str, int]) -> int:
    """Copy what live workers wrote into the source to the target; return how many rows that were.

    ``blocks`` are the newest blocks of the source at the time when the two parted; without them every live row is
    copied. Rows keep their versions, so that copying one again changes nothing.
    """
    return sum(_carry(client, source, target, table, blocks.get(table, -1)) for table in TABLES)


def _carry(client: Client, source: str, target: str, name: str, block: int) -> int:
    columns = ", ".join(map(sql.name, TABLES[name].names))
    origin = f"{sql.name(source)}.{sql.name(name)}"
    parts = None
    # A merge meanwhile takes a part away that was to be read: then the parts are looked up and read once more.
    while parts != (parts := _newer(client, source, name, block)):
        if not parts:
            return 0
        client.execute(
            f"INSERT INTO {sql.name(target)}.{sql.name(name)} ({columns}) SELECT {columns} FROM {origin}"  # noqa: S608
            f" WHERE version >= {LIVE_FROM} AND _part IN %(parts)s",
            {"parts": parts},
        )
    return _count(client, source, name, parts)


def live_rows(client: Client, source: str, blocks: Mapping[str, int]) -> int:
    """Return about how many rows `carry` would copy."""
    return sum(_count(client, source, table, _newer(client, source, table, blocks.get(table, -1))) for table in TABLES)


def _count(client: Client, database: str, table: str, parts: tuple[str, ...] | None) -> int:
    if not parts:
        return 0
    ((count,),) = client.execute(
        f"SELECT count() FROM {sql.name(database)}.{sql.name(table)}"  # noqa: S608
        f" WHERE version >= {LIVE_FROM} AND _part IN %(parts)s",
        {"parts": parts},
    )
    return int(count)


def _newer(client: Client, database: str, table: str, block: int) -> tuple[str, ...]:
    """Return the names of the table's parts that hold anything from after the block."""
    rows = client.execute(
        "SELECT name FROM system.parts WHERE active AND database = %(database)s AND table = %(table)s"
        " AND max_block_number > %(block)s ORDER BY name",
        {"database": database, "table": table, "block": block},
    )
    return tuple(name for (name,) in rows)


def _blocks(client: Client, database: str) -> dict[str, int]:
    """Return the highest block number of each table; 0 for an empty one."""
    found = dict(
        client.execute(
            "SELECT table, max(max_block_number) FROM system.parts"
            " WHERE active AND database = %(database)s GROUP BY table",
            {"database": database},
        )
    )
    return {table: int(found.get(table, 0)) for table in TABLES}
