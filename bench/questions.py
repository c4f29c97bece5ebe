"""Questions put to views as people put them: the best of three by the clock, and the processor time of that round."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from clickhouse_driver.errors import ErrorCodes, ServerException
from rich.console import Console
from rich.table import Table

from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks import stored
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from clickhouse_driver import Client

ROUNDS = 3
MOST_S = 10
"""A question that takes longer is given up."""


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


class Answered(msgspec.Struct, frozen=True):
    """A question with its seconds by the clock (infinite when given up), processor seconds of the server, and rows."""

    what: str
    seconds: float
    processor: float
    rows: int

    def as_json(self) -> dict[str, str | float | None]:
        took = None if self.is_given_up else round(self.seconds, 4)
        return {
            "question": self.what,
            "seconds": took,
            "processor_seconds": round(self.processor, 4),
            "rows": self.rows,
        }

    @property
    def is_given_up(self) -> bool:
        return self.seconds == float("inf")


def ask(client: Client, questions: Mapping[str, str], shown: Table) -> None:
    """Put each question three times and show the fastest round. A busy machine changes its processor time less."""
    for each in answered(client, questions):
        show(shown, each)


def answered(client: Client, questions: Mapping[str, str], most_s: int = MOST_S) -> Iterator[Answered]:
    """Put each question three times and give the fastest round; one that takes longer than `most_s` is put once."""
    for question, query in questions.items():
        rounds = []
        for _ in range(ROUNDS):
            began, before = time.perf_counter(), spent(client)
            try:
                rows = len(client.execute(query, settings={"max_execution_time": most_s}))
            except ServerException as error:
                if error.code != ErrorCodes.TIMEOUT_EXCEEDED:
                    raise
                rounds.append((float("inf"), (spent(client) - before) / 1e6, 0))
                break
            rounds.append((time.perf_counter() - began, (spent(client) - before) / 1e6, rows))
        yield Answered(question, *min(rounds))


def compute(client: Client, views: Iterable[str], shown: Table) -> None:
    """Have the stored answers of views computed once, wait for each, and show what it took."""
    for each in computed(client, views):
        show(shown, each)


def computed(client: Client, views: Iterable[str]) -> Iterator[Answered]:
    """Have the stored answers of views computed once, and wait for each."""
    for view in views:
        client.execute(f"SYSTEM WAIT VIEW cx.{stored.name(view)}")
        began, before = time.perf_counter(), spent(client)
        stored.refresh(client, Warehouse(), view)
        client.execute(f"SYSTEM WAIT VIEW cx.{stored.name(view)}")
        took, processor = time.perf_counter() - began, (spent(client) - before) / 1e6
        ((rows,),) = client.execute(f"SELECT count() FROM cx.{stored.name(view)}")
        yield Answered(f"computing {stored.name(view)}", took, processor, rows)


def show(shown: Table, each: Answered) -> None:
    """Add one line to the table."""
    took = f"above {MOST_S}" if each.is_given_up else f"{each.seconds:.2f}"
    shown.add_row(each.what, took, f"{each.processor:.2f}", f"{each.rows:,}")
