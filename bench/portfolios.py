"""Measure portfolios and renewals over many accounts: `python -m bench.portfolios --accounts 20000 200000`.

Starts an embedded server of its own for each size and fills its tables inside of it, some twenty facts for each account
of two years: who owned it (one in four changed hands), items of revenue, invoices that are issued and paid, tickets,
answers and the three terms of a contract; fifteen accounts for each manager. Then it asks each view what a person
would, and prints the best of three by the clock, and the processor time of that round, which a busy machine changes
less. Figures of two sizes tell what grows with the accounts, and what is spent on the question itself.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench import questions
from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from clickhouse_driver import Client

MANAGED = 15
"""Accounts for each manager: within the band that a manager should have."""
START = "toDateTime64('2024-12-01', 6, 'UTC')"


def _at(salt: int, days: int, key: str = "number") -> str:
    return f"({START} + toIntervalSecond(cityHash64({key}, {salt}) % ({days} * 86400)))"


def _tables(accounts: int) -> list[tuple[str, int, dict[str, str]]]:
    """Table, number of rows, and each column of a row by its number; three of a kind for an account."""
    one, three = "concat('account-', toString(number))", "concat('account-', toString(intDiv(number, 3)))"
    manager = f"concat('manager-', toString(cityHash64(number, {{}}) % {max(10, accounts // MANAGED)}))"
    pod, ended = "concat('pod-', toString(cityHash64(number, {}) % 50))", "number % 10 = 0"
    invoice = {"account_id": three, "invoice_id": "concat('invoice-', toString(number))"}
    ticket = {"account_id": three, "ticket_id": "concat('ticket-', toString(number))", "opened_at": _at(8, 725)}
    issued, paid = _at(7, 600), f"{_at(7, 600)} + toIntervalDay(35)"
    posting = {**invoice, "book": "'receivable'", "currency": "['USD', 'EUR'][number % 2 + 1]"}
    term = f"{_at(10, 200, 'intDiv(number, 3)')} + toIntervalDay(365 * (number % 3){{}})"
    role = {"role": "'OWNER'", "lead_id": "''"}
    return [
        ("account_history", accounts, {"account_id": one, "valid_from": _at(1, 100), "event_id": "'e'",
         "segment": "['small', 'middle', 'big'][number % 3 + 1]"}),
        ("manager_assignment", accounts, {"account_id": one, "valid_from": _at(2, 200), "event_id": "'m1'",
         "manager_id": manager.format(3), "pod_id": pod.format(3), **role}),
        ("manager_assignment", accounts // 4, {"account_id": "concat('account-', toString(number * 4))",
         "valid_from": f"{_at(4, 400)} + toIntervalDay(210)", "event_id": "'m2'", "manager_id": manager.format(5),
         "pod_id": pod.format(5), **role}),
        ("mrr_item", 2 * accounts, {"account_id": "concat('account-', toString(intDiv(number, 2)))",
         "policy": "'cxledger'", "subscription_id": "toString(number)", "item_id": "'i'", "currency": "'USD'",
         "valid_from": _at(6, 300), "rate_at": _at(6, 300), "mrr_micros": "number % 1000 * 1000000"}),
        ("receivable_entry", 3 * accounts, {**posting, "entry": "'issued'", "kind": "'issued'", "at": issued,
         "amount_micros": "100000000"}),
        ("receivable_entry", 3 * accounts, {**posting, "entry": "'paid'", "kind": "'paid'", "at": paid,
         "amount_micros": f"if({ended}, 0, -100000000)"}),
        ("invoice_due", 3 * accounts, {**invoice, "valid_from": issued, "issued_at": issued,
         "due_at": f"{issued} + toIntervalDay(30)"}),
        ("ticket_span", 3 * accounts, {**ticket, "from_at": _at(8, 725), "status": "'open'", "is_backlog": "1",
         "until_at": f"if({ended}, NULL, toNullable({_at(8, 725)} + toIntervalHour(50)))"}),
        ("response", 3 * accounts, {"account_id": three, "response_id": "toString(number)", "status": "'submitted'",
         "submitted_at": _at(9, 725), "nps": "number % 11", "contact_id": "toString(number % 2)"}),
        ("renewal", 3 * accounts, {"account_id": three, "contract_id": "toString(intDiv(number, 3))",
         "term_no": "number % 3 + 1", "status": "if(number % 3 = 2, 'open', 'renewed')", "currency": "'USD'",
         "starts_at": term.format(" - 365"), "due_at": term.format(""), "first_due_at": term.format(""),
         "decided_at": f"if(number % 3 = 2, NULL, toNullable({term.format(' - 10')}))",
         "target_micros": "number * 1000"}),
    ]  # fmt: skip


QUESTIONS = {
    "manager_portfolio, all managers today": (
        "SELECT * FROM cx.manager_portfolio WHERE dimension = 'manager' AND window_start = today()"
    ),
    "manager_portfolio, the whole, each day of a month": (
        "SELECT * FROM cx.manager_portfolio WHERE dimension = 'all' AND window_start > today() - 31"
    ),
    "renewals_due, all managers today": (
        "SELECT * FROM cx.renewals_due WHERE dimension = 'manager' AND window_start = today()"
    ),
    "renewals_due, the whole today": (
        "SELECT * FROM cx.renewals_due WHERE dimension = 'all' AND window_start = today()"
    ),
    "renewal_due, the calls of one manager": "SELECT * FROM cx.renewal_due WHERE owner = 'manager-3'",
    "renewal_credit, managers by quarter": (
        "SELECT * FROM cx.renewal_credit WHERE dimension = 'manager' AND grain = 'quarter'"
    ),
    "portfolio_handover, months": "SELECT * FROM cx.portfolio_handover WHERE grain = 'month'",
    "manager_portfolio_stored, all managers today": (
        "SELECT * FROM cx.manager_portfolio_stored WHERE dimension = 'manager' AND window_start = today()"
    ),
}
STORED = ("manager_portfolio", "renewals_due")


def fill(client: Client, database: str, accounts: int) -> None:
    """Fill the tables as merges leave them: no key stands twice in a part."""
    for table, rows, columns in _tables(accounts):
        client.execute(
            f"INSERT INTO {database}.{table} ({', '.join(columns)}, version)"
            f" SELECT {', '.join(columns.values())}, 1 FROM numbers({rows})",
            settings={"optimize_on_insert": 1},
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[20_000, 200_000])
    console, load = Console(), os.getloadavg()[0]
    for accounts in parser.parse_args().accounts:
        shown = Table("question", "seconds", "processor seconds", "rows")
        with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
            client = connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=600)
            fill(client, migrate(client, Warehouse()), accounts)
            questions.compute(client, STORED, shown)
            questions.ask(client, QUESTIONS, shown)
            client.disconnect()
        console.print(shown)
        console.print(f"{accounts:,} accounts; {os.cpu_count()} cores, load average {load:.1f} before the run")


if __name__ == "__main__":
    main()
