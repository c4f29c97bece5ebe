"""How long `cx replay diff` takes over two large generations that differ in a few rows.

    python -m bench.diff --rows 10000000

Starts an embedded server of its own, fills two generations inside of it with the same rows (accounts in the order in
which events would arrive, hence parts that overlap), plants missing, extra and changed rows in the second, and prints
the seconds of the comparison beside what it found; exit status 1 where that is not what was planted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Shown

from bench.usage import Usage
from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks import compare, generations
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse
from sinks.tables import TABLES, Column, Table

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from sinks.compare import Difference

SHARES = {"answer": 0.5, "response": 0.3, "verbatim": 0.1, "invitation": 0.1}
ACCOUNTS = 20_000
PLANTED = 500
"""Rows missing, and as many extra and as many changed, in each table."""
_SECOND = 1_000_000
_FROM = 1_700_000_000 * _SECOND
_TEXT = "a longer text of some words and some more words still"


def value(column: Column) -> str:
    """Expression of a column's value in row n."""
    name, kind = column.name, column.type
    if name == "account_id":
        return f"concat('account-', leftPad(toString(cityHash64(intDiv(n, 3)) % {ACCOUNTS}), 6, '0'))"
    if name in ("version", "is_deleted"):
        return "bitShiftLeft(1, 40) + n % 3" if name == "version" else "0"
    if kind == "String":
        return f"lower(hex(sipHash128(n, '{name}')))" if name.endswith("_id") else f"substring('{_TEXT}', 1, n % 40)"
    bare = kind.removeprefix("Nullable(")
    if bare.startswith("DateTime64"):
        given = f"fromUnixTimestamp64Micro({_FROM} + n * {_SECOND}, 'UTC')"
    elif bare.startswith("LowCardinality"):
        given = "['email', 'sms', 'in_app'][n % 3 + 1]"
    else:
        given = "n % 11"
    return f"if(n % 5 = 0, NULL, {given})" if bare != kind else given


def _fill(client: Client, database: str, table: Table, rows: int, *, differing: bool) -> None:
    """Insert rows 0 to rows - 1, or the same with the planted differences."""
    columns = ", ".join(f"{value(column)} AS `{column.name}`" for column in table.columns)
    changed = next(c.name for c in table.columns if c.name == "is_test")
    shift = PLANTED if differing else 0
    flipped = f" REPLACE (if(rowNumber % {rows // PLANTED} = 0, 1 - is_test % 2, is_test % 2) AS `{changed}`)"
    plain = f" REPLACE (is_test % 2 AS `{changed}`)"
    client.execute(
        f"INSERT INTO {database}.{table.name} ({', '.join(f'`{name}`' for name in table.names)})"
        f" SELECT * EXCEPT rowNumber{flipped if differing else plain}"
        f" FROM (SELECT {columns}, n AS rowNumber FROM (SELECT number + {shift} AS n FROM numbers({rows})))"
    )


def expected(rows: int) -> tuple[int, int, int]:
    """Missing, extra and changed rows of a table that has so many."""
    step = rows // PLANTED
    return PLANTED, PLANTED, sum(1 for n in range(0, rows, step) if n >= PLANTED)


def run(rows: int) -> tuple[float, float, list[Difference], dict[str, int]]:
    """Fill and compare; return wall and the server's CPU seconds, what was found, and the rows of each table."""
    counts = {name: int(rows * share) for name, share in SHARES.items()}
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        client = connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=600)
        warehouse = Warehouse()
        first = migrate(client, warehouse)
        second = generations.create(client, warehouse)
        for at, database in enumerate((first, second)):
            for name, count in counts.items():
                _fill(client, database, TABLES[name], count, differing=bool(at))
        usage = Usage.of([server.process.pid])
        started, spent = time.perf_counter(), usage.read()[0]
        found = compare.compare(client, first, second)
        seconds, cpu = time.perf_counter() - started, usage.read()[0] - spent
        client.disconnect()
    return seconds, cpu, [each for each in found if each.rows], counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of each generation, over four tables")
    rows = parser.parse_args().rows
    if rows < 10 * 2 * PLANTED:
        parser.error(f"--rows: at least {10 * 2 * PLANTED}")
    load = os.getloadavg()[0]
    seconds, cpu, found, counts = run(rows)
    shown = Shown("table", "rows", "missing", "extra", "changed")
    for each in found:
        shown.add_row(each.table, *(f"{n:,}" for n in (each.rows, each.missing, each.extra, each.changed)))
    console = Console()
    console.print(shown)
    console.print(
        f"{seconds:.1f} s, {cpu:.1f} s of the server's CPU time, for {rows:,} rows on each side;"
        f" {os.cpu_count()} cores, load average {load:.1f} before the run"
    )
    told = {each.table: (each.missing, each.extra, each.changed) for each in found}
    return 0 if told == {name: expected(count) for name, count in counts.items()} else 1


if __name__ == "__main__":
    sys.exit(main())
