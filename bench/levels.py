"""What the views of service levels cost over many tickets: `python -m bench.levels --tickets 10000000`.

Starts an embedded server of its own and fills `sla_instance` inside of it: one clock per ticket over two years, one
ticket in a hundred still running, one in five breached, half of the running ones written twice, as a retarget does.
Then it has the stored answers computed and asks each view what a person would.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from rich.console import Console

from bench import questions
from infra.embedded import clickhouse
from sinks.clickhouse import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

ACCOUNTS = 20_000
STORED = ("sla_running", "sla_breach_rate")
FILL = """
INSERT INTO {database}.sla_instance
SELECT
    concat('account-', leftPad(toString(cityHash64(n) % {accounts}), 6, '0')),
    concat('ticket-', leftPad(toString(n), 9, '0')),
    ['first_reply', 'resolution'][n % 2 + 1],
    1,
    multiIf(n % 100 = 0, 'running', n % 5 = 1, 'breached', 'fulfilled') AS state,
    opened,
    opened + toIntervalHour(48),
    if(state = 'running', opened + toIntervalHour(47), NULL),
    if(state = 'running', opened, NULL),
    NULL,
    if(state = 'running', NULL, opened + toIntervalHour(n % 90)),
    if(state = 'breached', opened + toIntervalHour(48), NULL),
    NULL,
    172800000000,
    0,
    3600000000 * (n % 90),
    ['standard', 'key accounts'][n % 2 + 1],
    'v1',
    '',
    ['low', 'normal', 'urgent'][n % 3 + 1],
    ['email', 'discord', 'phone'][n % 3 + 1],
    concat('agent-', toString(n % 50)),
    0,
    {version},
    0
FROM
(
    SELECT
        number * {step} AS n,
        if(
            n % 100 = 0,
            now64(6, 'UTC') - toIntervalMinute(n % 4000),
            toDateTime64('2024-11-22', 6, 'UTC') + (n * 6) % 63000000
        ) AS opened
    FROM numbers({count})
)
"""
QUESTIONS = {
    "sla_running, what is overdue or at risk": (
        "SELECT ticket_id, urgency, hours_left FROM cx.sla_running WHERE urgency IN ('overdue', 'at_risk') LIMIT 100"
    ),
    "sla_running, counted by manager": "SELECT manager, urgency, count() FROM cx.sla_running GROUP BY ALL",
    "sla_running_stored, what is overdue or at risk": (
        "SELECT ticket_id, urgency, hours_left FROM cx.sla_running_stored"
        " WHERE urgency IN ('overdue', 'at_risk') LIMIT 100"
    ),
    "sla_running_stored, counted by manager": (
        "SELECT manager, urgency, count() FROM cx.sla_running_stored GROUP BY ALL"
    ),
    "sla_breach_rate_stored, weeks of all": (
        "SELECT window_start, metric, value FROM cx.sla_breach_rate_stored WHERE grain = 'week' AND dimension = 'all'"
    ),
    "sla_breach_rate, weeks of all": (
        "SELECT window_start, metric, value FROM cx.sla_breach_rate WHERE grain = 'week' AND dimension = 'all'"
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000_000)
    tickets, load = parser.parse_args().tickets, os.getloadavg()[0]
    shown = questions.table()
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        client = connect(server.host, server.tcp_port, timeout=600)
        database = migrate(client, Warehouse())
        for step, version in ((1, 1), (200, 2)):
            fill = FILL.format(database=database, accounts=ACCOUNTS, step=step, count=tickets // step, version=version)
            client.execute(fill)
        questions.compute(client, STORED, shown)
        questions.ask(client, QUESTIONS, shown)
        client.disconnect()
    console = Console()
    console.print(shown)
    console.print(f"{tickets:,} tickets; {os.cpu_count()} cores, load average {load:.1f} before the run")


if __name__ == "__main__":
    main()
