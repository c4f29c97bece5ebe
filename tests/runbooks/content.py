"""What tables hold, as one hash for each, counted by ClickHouse: two contents are equal when every row is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sinks.tables import TABLES
from sinks.views import bases

Content = dict[str, str]
_SYSTEM = ("version", "is_deleted")


def content(
    ask: Callable[[str], Any], database: str, generation: str = "", without: Collection[str] = (), where: str = "1"
) -> Content:
    """Return count and hash of every table's rows: of the views, or of a generation's rows as views would show them.

    Versions are left out, and the tables and columns named in `without`.
    """
    found: Content = {}
    for table in TABLES.values():
        if table.name in without or (where != "1" and not table.by_account):
            continue
        columns = ", ".join(f"`{name}`" for name in table.names if name not in (*_SYSTEM, *without))
        served = f"{generation}.`{table.name}` FINAL" if generation else f"{database}.`{bases(table)[-1].name}`"
        alive = f"({where}) AND is_deleted = 0" if generation else where
        hashed = f"count(), groupBitXor(sipHash64(toString(tuple({columns}))))"
        found[table.name] = str(ask(f"SELECT {hashed} FROM {served} WHERE {alive}"))
    return found
