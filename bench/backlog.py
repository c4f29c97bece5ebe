"""What the views of the backlog cost over many tickets: `python -m bench.backlog --tickets 10000000`.

Starts an embedded server of its own and fills `ticket_span` inside of it: tickets of three years with three spans each
(new, open, solved), one in fifty never solved. Then it asks each view what a person would, and prints the best of three
by the clock, and the processor time that all threads of that round took, which a busy machine changes less.
"""

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
from sinks.clickhouse import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from clickhouse_driver import Client

ACCOUNTS = 20_000
ROUNDS = 3
FILL = """
INSERT INTO {database}.ticket_span
    (account_id, ticket_id, from_at, until_at, status, assignee_id, priority, is_backlog, opened_at, version)
SELECT
    concat('account-', leftPad(toString(n % {accounts}), 6, '0')),
    concat('ticket-', leftPad(toString(n), 9, '0')),
    tupleElement(span, 1),
    tupleElement(span, 2),
    tupleElement(span, 3),
    concat('agent-', toString(cityHash64(n) % 200)),
    ['low', 'normal', 'high', 'urgent'][cityHash64(n) % 4 + 1],
    tupleElement(span, 3) != 'solved',
    opened,
    1
FROM
(
    SELECT
        number AS n,
        toDateTime64('2023-11-01', 6, 'UTC') + cityHash64(n, 1) % 94608000 AS opened,
        opened + 600 + n % 7200 AS taken,
        taken + cityHash64(n, 2) % 250000 AS solved,
        arrayJoin(
            if(
                n % 50 = 0,
                [(opened, toNullable(taken), 'new'), (taken, NULL, 'open')],
                [(opened, toNullable(taken), 'new'), (taken, solved, 'open'), (solved, NULL, 'solved')]
            )
        ) AS span
    FROM numbers({tickets})
)
"""
AT = "toDateTime64('2025-03-02', 6, 'UTC')"
QUESTIONS = {
    "backlog_span, stock of an instant": (
        f"SELECT count() FROM cx.backlog_span WHERE from_at <= {AT} AND until_at > {AT}"
    ),
    "backlog, one day of all": (
        "SELECT * FROM cx.backlog WHERE grain = 'day' AND dimension = 'all' AND window_start = '2025-03-01'"
    ),
    "backlog, every day of an account": (
        "SELECT * FROM cx.backlog WHERE grain = 'day' AND dimension = 'account' AND dimension_value = 'account-000017'"
    ),
    "backlog, month ends by priority": "SELECT * FROM cx.backlog WHERE grain = 'month' AND dimension = 'priority'",
    "backlog, month ends by manager": "SELECT * FROM cx.backlog WHERE grain = 'month' AND dimension = 'manager'",
}


def spent(client: Client) -> int:
    """Processor time of all queries so far, microseconds."""
    asked = "SELECT sum(value) FROM system.events WHERE event IN ('UserTimeMicroseconds', 'SystemTimeMicroseconds')"
    return int(client.execute(asked)[0][0])


def best(client: Client, query: str) -> tuple[float, float, int]:
    """(seconds of the fastest round, its processor seconds, rows)."""
    rounds = []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), spent(client)
        rows = len(client.execute(query))
        rounds.append((time.perf_counter() - began, (spent(client) - before) / 1e6, rows))
    return min(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000_000)
    tickets, load = parser.parse_args().tickets, os.getloadavg()[0]
    shown = Table("question", "seconds", "processor seconds", "rows")
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        client = connect(server.host, server.tcp_port, timeout=600)
        database = migrate(client, Warehouse())
        client.execute(FILL.format(database=database, accounts=ACCOUNTS, tickets=tickets))
        client.execute(f"OPTIMIZE TABLE {database}.ticket_span FINAL")
        for question, query in QUESTIONS.items():
            seconds, processor, rows = best(client, query)
            shown.add_row(question, f"{seconds:.2f}", f"{processor:.2f}", f"{rows:,}")
        client.disconnect()
    console = Console()
    console.print(shown)
    console.print(f"{tickets:,} tickets; {os.cpu_count()} cores, load average {load:.1f} before the run")


if __name__ == "__main__":
    main()
