"""What the views of service levels cost over many tickets: `python -m bench.levels --tickets 10000000`.

Starts an embedded server of its own and fills `sla_instance` inside of it: one clock per ticket over two years, one
ticket in a hundred still running, one in five breached, half of the running ones written twice, as a retarget does.
Then it has the stored answers computed and asks each view what a person would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import questions

if TYPE_CHECKING:
    from clickhouse_driver import Client

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


def fill(client: Client, generation: str, tickets: int) -> None:
    for step, version in ((1, 1), (200, 2)):
        told = FILL.format(database=generation, accounts=ACCOUNTS, step=step, count=tickets // step, version=version)
        client.execute(told)


if __name__ == "__main__":
    questions.main(__doc__, fill, STORED, QUESTIONS)
