"""Questions put to views as people put them: the best of three by the clock, and the processor time of that round."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks import stored
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from clickhouse_driver import Client

ROUNDS = 3


def main(
    told: str | None, fill: Callable[[Client, str, int], None], views: Iterable[str], questions: Mapping[str, str]
) -> None:
    """The command of a bench over tickets: a server of its own, `fill(client, generation, tickets)`, then the table."""
    parser = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000_000)
    tickets, load = parser.parse_args().tickets, os.getloadavg()[0]
    shown = Table("question", "seconds", "processor seconds", "rows")
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        client = connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=600)
        fill(client, migrate(client, Warehouse()), tickets)
        compute(client, views, shown)
        ask(client, questions, shown)
        client.disconnect()
    console = Console()
    console.print(shown)
    console.print(f"{tickets:,} tickets; {os.cpu_count()} cores, load average {load:.1f} before the run")


def spent(client: Client) -> int:
    """Processor time of all queries so far, microseconds."""
    asked = "SELECT sum(value) FROM system.events WHERE event IN ('UserTimeMicroseconds', 'SystemTimeMicroseconds')"
    return int(client.execute(asked)[0][0])


def ask(client: Client, questions: Mapping[str, str], shown: Table) -> None:
    """Put each question three times and show the fastest round. A busy machine changes its processor time less."""
    for question, query in questions.items():
        rounds = []
        for _ in range(ROUNDS):
            began, before = time.perf_counter(), spent(client)
            rows = len(client.execute(query))
            rounds.append((time.perf_counter() - began, (spent(client) - before) / 1e6, rows))
        _show(shown, question, *min(rounds))


def compute(client: Client, views: Iterable[str], shown: Table) -> None:
    """Have the stored answers of views computed once, wait for each, and show what it took."""
    for view in views:
        began, before = time.perf_counter(), spent(client)
        stored.refresh(client, Warehouse(), view)
        client.execute(f"SYSTEM WAIT VIEW cx.{stored.name(view)}")
        took, processor = time.perf_counter() - began, (spent(client) - before) / 1e6
        ((rows,),) = client.execute(f"SELECT count() FROM cx.{stored.name(view)}")
        _show(shown, f"computing {stored.name(view)}", took, processor, rows)


def _show(shown: Table, what: str, seconds: float, processor: float, rows: int) -> None:
    shown.add_row(what, f"{seconds:.2f}", f"{processor:.2f}", f"{rows:,}")
