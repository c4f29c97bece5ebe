"""How long a year's bridge of recurring revenue takes over a large ledger: as stored, and worked out anew.

    python -m bench.bridge_views --movements 50000000

Starts an embedded server of its own, fills a ledger inside of it (bench/ledger_feed.py; one invoice to ten movements
beside it), lets the server compute the stored answer, starts the server again and asks: the first answer is cold. Ends
with status 1 where the stored answer is not that of the view.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table as Shown

from bench import ledger_feed
from bench.usage import Usage
from infra.embedded import clickhouse
from sinks import stored
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_users import ADMINISTRATOR

REPEATS = 20
MEMORY = 0.35
"""Share of the machine's memory that the server may take."""
_YEAR = (
    "SELECT window_start, dimension_value, opening, new, expansion, contraction, churn, reactivation, pause, resume,"
    " fx, handed_over, closing FROM {} WHERE grain = 'month' AND dimension = '{}' AND policy = 'cxledger'"
    " AND window_start >= '2024-11-01' AND window_start < '2025-11-01' ORDER BY window_start, dimension_value"
)


class Timed(msgspec.Struct, frozen=True):
    """One question: seconds by the clock, the server's CPU seconds, and its peak of memory for it in MB."""

    what: str
    seconds: float
    cpu: float
    megabytes: float = 0.0


class Found(msgspec.Struct, frozen=True):
    """What a run measured, and whether the stored answer is the view's."""

    parts: dict[str, tuple[int, int]]
    timed: list[Timed]
    same: bool


def _peak(client: Client, kind: str) -> float:
    """Memory of the newest statement of a kind that has ended."""
    client.execute("SYSTEM FLUSH LOGS query_log")
    ((used,),) = client.execute(
        "SELECT argMax(memory_usage, event_time_microseconds) FROM system.query_log"
        " WHERE type = 'QueryFinish' AND query_kind = %(kind)s AND has(databases, 'cx')",
        {"kind": kind},
    )
    return float(used) / 1e6


def _refreshed(client: Client, usage: Usage, what: str) -> Timed:
    """Have the stored answer computed, and wait for it."""
    view = f"cx.{stored.name('mrr_bridge')}"
    client.execute(f"SYSTEM WAIT VIEW {view}")
    started, spent = time.perf_counter(), usage.read()[0]
    stored.refresh(client, Warehouse(), "mrr_bridge")
    client.execute(f"SYSTEM WAIT VIEW {view}")
    return Timed(what, time.perf_counter() - started, usage.read()[0] - spent, _peak(client, "Insert"))


def _asked(client: Client, usage: Usage, what: str, question: str) -> tuple[Timed, list[tuple[object, ...]]]:
    started, spent = time.perf_counter(), usage.read()[0]
    answer = client.execute(question)
    return Timed(what, time.perf_counter() - started, usage.read()[0] - spent, _peak(client, "Select")), answer


def _stored_answers(client: Client, usage: Usage, dimension: str) -> tuple[list[Timed], list[tuple[object, ...]]]:
    question = _YEAR.format("cx.mrr_bridge_stored", dimension)
    first, answer = _asked(client, usage, f"stored, {dimension}, cold", question)
    each = [_asked(client, usage, "", question)[0] for _ in range(REPEATS)]
    warm = (statistics.median(getattr(one, name) for one in each) for name in ("seconds", "cpu", "megabytes"))
    return [first, Timed(f"stored, {dimension}, warm", *warm)], answer


def _parts(client: Client, generation: str) -> dict[str, tuple[int, int]]:
    rows = client.execute(
        "SELECT table, sum(rows), count() FROM system.parts WHERE active AND database = %(generation)s"
        " AND table IN ('mrr_movement', 'invoice') GROUP BY table ORDER BY table",
        {"generation": generation},
    )
    return {table: (int(count), int(parts)) for table, count, parts in rows}


def _filled(server: ClickHouseServer, movements: int, *, merged: bool) -> tuple[str, list[Timed]]:
    client, usage = (
        connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=3600),
        Usage.of([server.process.pid]),
    )
    generation = migrate(client, Warehouse())
    started, spent = time.perf_counter(), usage.read()[0]
    ledger_feed.fill(client, generation, movements)
    timed = [Timed("filling", time.perf_counter() - started, usage.read()[0] - spent)]
    timed.append(_refreshed(client, usage, "computing the stored answer"))
    if merged:
        client.execute(f"OPTIMIZE TABLE {generation}.mrr_movement FINAL")
        timed.append(_refreshed(client, usage, "the same, everything merged"))
    client.disconnect()
    return generation, timed


def run(movements: int, *, merged: bool = False) -> Found:
    """Fill, compute and ask; ``merged`` adds what it costs to compute over single parts."""
    with tempfile.TemporaryDirectory(prefix="cx-bridge-") as name:
        home = Path(name)
        with clickhouse.start(home, memory_ratio=MEMORY) as server:
            generation, timed = _filled(server, movements, merged=merged)
        with clickhouse.start(home, memory_ratio=MEMORY) as server:
            client, usage = (
                connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=3600),
                Usage.of([server.process.pid]),
            )
            # What a server that starts does besides is not part of the answer.
            client.execute("SYSTEM STOP VIEW cx.mrr_bridge_stored")
            same = True
            for dimension in ("all", "manager"):
                each, kept = _stored_answers(client, usage, dimension)
                exact, answer = _asked(client, usage, f"view, {dimension}", _YEAR.format("cx.mrr_bridge", dimension))
                timed, same = [*timed, *each, exact], same and kept == answer != []
            one = _YEAR.format("cx.mrr_bridge", "account").replace(
                " ORDER", " AND dimension_value = 'account-0000007' ORDER"
            )
            timed.append(_asked(client, usage, "view, one account", one)[0])
            parts = _parts(client, generation)
            client.disconnect()
    return Found(parts, timed, same)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movements", type=int, default=1_000_000, help="movements in the ledger, over four policies")
    parser.add_argument("--merged", action="store_true", help="compute once more over tables merged into one part")
    given = parser.parse_args()
    if given.movements < ledger_feed.FEWEST:
        parser.error(f"--movements: at least {ledger_feed.FEWEST}")
    load = os.getloadavg()[0]
    found = run(given.movements, merged=given.merged)
    shown = Shown("what", "seconds", "CPU seconds", "MB")
    for each in found.timed:
        shown.add_row(
            each.what, f"{each.seconds:,.3f}", f"{each.cpu:,.3f}", f"{each.megabytes:,.0f}" if each.megabytes else ""
        )
    console = Console()
    console.print(shown)
    for table, (count, parts) in found.parts.items():
        console.print(f"{table}: {count:,} rows in {parts} parts")
    console.print(f"{os.cpu_count()} cores, load average {load:.1f} before the run")
    console.print("the stored answer is the view's" if found.same else "THE STORED ANSWER IS NOT THE VIEW'S")
    return 0 if found.same else 1


if __name__ == "__main__":
    sys.exit(main())
