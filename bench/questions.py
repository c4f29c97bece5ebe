"""Questions put to views as people put them: the best of three by the clock, and the processor time of that round."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.table import Table

from sinks import stored
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from clickhouse_driver import Client

ROUNDS = 3


def table() -> Table:
    """Where answers are shown."""
    return Table("question", "seconds", "processor seconds", "rows")


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
