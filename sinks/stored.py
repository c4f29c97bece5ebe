"""Stored answers: what an expensive view says, kept in a table that the server fills anew after a while.

The view beside it stays exact at any moment; the stored answer is what the view said when it was last computed, whole,
and swapped in at once. What was corrected since then shows after the next time. ClickHouse calls it a refreshable
materialised view, and computes it by itself: nothing here runs.
"""

from typing import Any

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.settings import Warehouse
from sinks.tables import Column

STORED_AT = Column("stored_at", "DateTime64(6, 'UTC')", "When this was computed, UTC; what changed later is not in it")
_SOME = "CREATE MATERIALIZED VIEW some"
FINE = "SETTINGS index_granularity = 1024"
"""A question is for few rows of many: of one line on each of ninety days, a row from each of ninety places."""
FEW_THREADS = 1
"""Threads of the server that compute an answer: it may take its time, and live traffic may not wait for it."""


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows of a view are kept, and the columns that they are ordered by: those that readers filter on.

    `times`: how many times as often as others it is computed, though not more than once a minute.
    """

    order: tuple[str, ...]
    where: str = "1"
    times: int = 1

    def minutes(self, warehouse: Warehouse) -> int:
        """After how many minutes it is computed anew."""
        return max(1, warehouse.stored_minutes // self.times)


def name(view: str) -> str:
    return f"{view}_stored"


def select(view: str, stored: Stored, warehouse: Warehouse) -> str:
    """The statement whose answer is kept."""
    source = f"{sql.name(warehouse.database)}.{sql.name(view)}"
    return (
        f"SELECT *, now64(6, 'UTC') AS {STORED_AT.name} FROM {source} WHERE {stored.where}"  # noqa: S608 - own names
        f" SETTINGS max_threads = {FEW_THREADS}"
    )


def apply(client: Client, warehouse: Warehouse, view: str, stored: Stored, comment: str, columns: list[Column]) -> None:
    """Make the stored answer of a view, or replace it where it is not what this code says; else leave it alone.

    A new one is empty until it is computed for the first time: when its time has come, or by `compute_new`.
    """
    wanted = _Made(
        _after(
            _formatted(client, f"{_SOME} REFRESH AFTER {stored.minutes(warehouse)} MINUTE (x Int8) AS SELECT 1 AS x")
        ),
        f"ORDER BY ({', '.join(stored.order)}) {FINE}",
        f"As {view} said some minutes ago, and quick to read: {comment}",
        _formatted(client, select(view, stored, warehouse)),
        tuple((each.name, each.type, each.comment) for each in (*columns, STORED_AT)),
        f"DEFINER = {client.execute('SELECT currentUser()')[0][0]} ",
    )
    if _made(client, warehouse, name(view), wanted) == wanted:
        return
    listed = ",\n    ".join(f"{sql.name(one)} {kind} COMMENT {sql.text(said)}" for one, kind, said in wanted.columns)
    client.execute(
        f"CREATE OR REPLACE MATERIALIZED VIEW {sql.name(warehouse.database)}.{sql.name(name(view))}"
        f" {warehouse.on_cluster} REFRESH AFTER {wanted.after}\n(\n    {listed}\n)\nENGINE = MergeTree {wanted.order}\n"
        f"EMPTY DEFINER = CURRENT_USER SQL SECURITY DEFINER\nCOMMENT {sql.text(wanted.comment)}\nAS\n{wanted.select}"
    )


class _Made(msgspec.Struct, frozen=True):
    """What a stored answer is made of, to see whether it has to be made again."""

    after: str
    order: str
    comment: str
    select: str
    columns: tuple[tuple[str, str, str], ...]
    definer: str


def _formatted(client: Client, statement: str) -> str:
    return str(client.execute("SELECT formatQuerySingleLine(%(statement)s)", {"statement": statement})[0][0])


def _after(statement: str) -> str:
    """How long after a computation the next one begins, as the server writes it: 90 minutes are 1 HOUR 30 MINUTE."""
    return statement.partition(" REFRESH AFTER ")[2].partition(" (")[0]


def _made(client: Client, warehouse: Warehouse, table: str, wanted: _Made) -> _Made | None:
    """Return what is there, in the words of what is wanted where they occur in its statement."""
    at: dict[str, Any] = {"database": warehouse.database, "table": table}
    found = client.execute(
        "SELECT create_table_query, comment, formatQuerySingleLine(as_select) FROM system.tables"
        " WHERE database = %(database)s AND name = %(table)s",
        at,
    )
    if not found:
        return None
    statement, comment, chosen = found[0]
    columns = client.execute(
        "SELECT name, type, comment FROM system.columns WHERE database = %(database)s AND table = %(table)s"
        " ORDER BY position",
        at,
    )
    order = wanted.order if wanted.order in statement else ""
    definer = wanted.definer if wanted.definer in statement else ""
    return _Made(_after(statement), order, comment, chosen, tuple(columns), definer)


def made(client: Client, warehouse: Warehouse) -> set[str]:
    """Return the names of the stored answers that there are."""
    asked = "SELECT view FROM system.view_refreshes WHERE database = %(database)s"
    return {str(view) for (view,) in client.execute(asked, {"database": warehouse.database})}


def compute_new(client: Client, warehouse: Warehouse) -> None:
    """Have the server compute those that it never has, and is not about to; returns at once."""
    asked = (
        "SELECT view FROM system.view_refreshes"
        " WHERE database = %(database)s AND last_success_time IS NULL AND status != 'Running'"
    )
    for (new,) in client.execute(asked, {"database": warehouse.database}):
        client.execute(f"SYSTEM REFRESH VIEW {sql.name(warehouse.database)}.{sql.name(new)}")


def refresh(client: Client, warehouse: Warehouse, view: str) -> None:
    """Have the server compute the answer now; returns at once."""
    client.execute(f"SYSTEM REFRESH VIEW {sql.name(warehouse.database)}.{sql.name(name(view))}")
