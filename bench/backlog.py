"""What the views of the backlog cost over many tickets: `python -m bench.backlog --tickets 10000000`.

Starts an embedded server of its own and fills `ticket_span` inside of it: tickets of three years with three spans each
(new, open, solved), one in fifty never solved. Then it asks each view what a person would, and prints the best of three
by the clock, and the processor time that all threads of that round took, which a busy machine changes less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import questions

if TYPE_CHECKING:
    from clickhouse_driver import Client

ACCOUNTS = 20_000
STORED = ("backlog",)
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
    "backlog_stored, one day of all": (
        "SELECT * FROM cx.backlog_stored WHERE grain = 'day' AND dimension = 'all' AND window_start = '2025-03-01'"
    ),
    "backlog_stored, month ends by manager": (
        "SELECT * FROM cx.backlog_stored WHERE grain = 'month' AND dimension = 'manager'"
    ),
    "backlog, every day of an account": (
        "SELECT * FROM cx.backlog WHERE grain = 'day' AND dimension = 'account' AND dimension_value = 'account-000017'"
    ),
    "backlog, month ends by priority": "SELECT * FROM cx.backlog WHERE grain = 'month' AND dimension = 'priority'",
    "backlog, month ends by manager": "SELECT * FROM cx.backlog WHERE grain = 'month' AND dimension = 'manager'",
}


def fill(client: Client, generation: str, tickets: int) -> None:
    client.execute(FILL.format(database=generation, accounts=ACCOUNTS, tickets=tickets))
    client.execute(f"OPTIMIZE TABLE {generation}.ticket_span FINAL")


if __name__ == "__main__":
    questions.main(__doc__, fill, STORED, QUESTIONS)
