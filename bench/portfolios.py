"""Measure portfolios, renewals, health and risk over many accounts: `python -m bench.portfolios --accounts 200000`.

Starts an embedded server of its own for each size and fills its tables inside of it (bench/portfolio_rows.py): accounts
of fifteen to a manager, each with some twenty facts of two years, or as many as `--facts` says over a longer history.
Then it asks each view what a person would, and prints the best of three by the clock, and the processor time of that
round, which a busy machine changes less. Nothing is waited for longer than ten seconds. Figures of two sizes tell what
grows with the accounts, figures of two numbers of facts what grows with their history.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import questions
from bench.portfolio_rows import FACTS_A_YEAR, History, fill
from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks import stored, views
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse

MEMORY = 0.35
"""Share of the machine's memory that the server may take."""
DAYS = {"today": "today()", "200 days ago": "today() - 200"}
MANAGER = "dimension = 'manager' AND dimension_value = 'manager-3'"


def _by_manager(view: str, horizons: str = "") -> dict[str, str]:
    """Return the questions of a day: about all managers, and about one."""
    asked = f"SELECT * FROM cx.{view} WHERE"
    managers = {
        f"{view}, all managers {when}{horizons}": f"{asked} dimension = 'manager' AND window_start = {day}"
        for when, day in DAYS.items()
    }
    return {**managers, f"{view}, one manager today": f"{asked} {MANAGER} AND window_start = today()"}


def _portfolios(view: str) -> dict[str, str]:
    """Return the questions of leads and managers about portfolios: of one day, and of a period."""
    asked = f"SELECT * FROM cx.{view} WHERE"
    return {
        **_by_manager(view),
        f"{view}, one manager, each day of 90": f"{asked} {MANAGER} AND window_start > today() - 90",
        f"{view}, the whole, each day of 30": f"{asked} dimension = 'all' AND window_start > today() - 30",
    }


def _renewals(view: str) -> dict[str, str]:
    asked = f"SELECT * FROM cx.{view} WHERE"
    return {
        **_by_manager(view, ", 30/60/90 days"),
        f"{view}, the whole today": f"{asked} dimension = 'all' AND window_start = today()",
    }


def _rates(view: str) -> dict[str, str]:
    asked = f"SELECT * FROM cx.{view} WHERE policy = 'due_date' AND"
    return {
        f"{view}, all managers, a quarter": f"{asked} grain = 'quarter' AND dimension = 'manager'"
        " AND window_start = toStartOfQuarter(today() - 240)",
        f"{view}, the whole, months": f"{asked} grain = 'month' AND dimension = 'all'",
    }


def _is_stored(view: str) -> bool:
    return any(each.name == view and each.stored is not None for each in views.load())


def _with_stored(view: str) -> list[str]:
    return [view, stored.name(view)] if _is_stored(view) else [view]


RATES = ("renewal_rate_gross", "renewal_rate_net", "renewal_rate_logo")
MEASURED = ("manager_portfolio", "renewals_due", *RATES, "renewal_credit", "portfolio_handover", "health_now",
            "risk_open", "mrr_at_risk")  # fmt: skip
STORED = tuple(view for view in MEASURED if _is_stored(view))


def asked() -> dict[str, str]:
    """Every question by its name."""
    found: dict[str, str] = {}
    for view in _with_stored("manager_portfolio"):
        found |= _portfolios(view)
    for view in _with_stored("renewals_due"):
        found |= _renewals(view)
    found["renewal_due, the calls of one manager"] = "SELECT * FROM cx.renewal_due WHERE owner = 'manager-3'"
    for rate in RATES:
        for view in _with_stored(rate):
            found |= _rates(view)
    for view in _with_stored("renewal_credit"):
        found[f"{view}, managers, a quarter"] = (
            f"SELECT * FROM cx.{view} WHERE dimension = 'manager' AND grain = 'quarter'"
            " AND window_start = toStartOfQuarter(today() - 240)"
        )
    for view in _with_stored("portfolio_handover"):
        found[f"{view}, last month"] = (
            f"SELECT * FROM cx.{view} WHERE grain = 'month' AND window_start = toStartOfMonth(today() - 31)"
        )
    for view in _with_stored("health_now"):
        found |= {
            f"{view}, accounts by band": f"SELECT band, count(), avg(score) FROM cx.{view} GROUP BY band",
            f"{view}, the hundred lowest": f"SELECT * FROM cx.{view} WHERE score IS NOT NULL ORDER BY score LIMIT 100",
            f"{view}, one account": f"SELECT * FROM cx.{view} WHERE account_id = 'account-77'",
        }
    for view in _with_stored("risk_open"):
        found |= {
            f"{view}, of one manager": f"SELECT * FROM cx.{view} WHERE owner = 'manager-3'",
            f"{view}, by severity": f"SELECT severity, count(), sum(mrr_counted) FROM cx.{view} GROUP BY severity",
        }
    for view in _with_stored("mrr_at_risk"):
        found |= {
            f"{view}, the whole": f"SELECT * FROM cx.{view} WHERE dimension = 'all'",
            f"{view}, all managers": f"SELECT * FROM cx.{view} WHERE dimension = 'manager'",
        }
    return found


def run(of: History, *, only: str = "") -> list[questions.Answered]:
    """Fill a server of its own, have what is stored computed, and put every question that begins with `only`."""
    with (
        tempfile.TemporaryDirectory(prefix="cx-portfolios-") as home,
        clickhouse.start(Path(home), memory_ratio=MEMORY) as server,
    ):
        client = connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR], timeout=3600)
        database, began = migrate(client, Warehouse()), time.perf_counter()
        fill(client, database, of)
        filled = questions.Answered("filling the tables", time.perf_counter() - began, 0.0, 0)
        computed = questions.computed(client, [view for view in STORED if view.startswith(only)])
        client.execute("SYSTEM STOP VIEWS")
        chosen = {name: question for name, question in asked().items() if name.startswith(only)}
        found = [filled, *computed, *questions.answered(client, chosen)]
        client.disconnect()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    parser.add_argument("--facts", type=int, nargs="+", default=[20], help="facts of each account, ten a year (20)")
    parser.add_argument("--only", default="", metavar="VIEW", help="questions whose name begins so")
    parser.add_argument("--json", type=Path, help="file that the figures are written to as well")
    given = parser.parse_args()
    console, written = Console(), []
    for accounts in given.accounts:
        for facts in given.facts:
            load, of = os.getloadavg()[0], History(accounts, max(2, facts // FACTS_A_YEAR))
            found = run(of, only=given.only)
            shown = Table("question", "seconds", "processor seconds", "rows")
            for each in found:
                questions.show(shown, each)
                written.append({"accounts": accounts, "facts": facts, **each.as_json()})
            console.print(shown)
            console.print(
                f"{accounts:,} accounts, {facts} facts each; {os.cpu_count()} cores, load average {load:.1f} before"
            )
            if given.json is not None:
                given.json.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
