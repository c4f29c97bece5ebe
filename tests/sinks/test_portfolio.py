"""Portfolios add up: what all managers have, with what nobody owns, is what there is."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import migrate, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

DAY = 86_400_000_000
LONG_AGO = 365 * 50 * DAY
BROKEN = "SELECT subject_id FROM {}.broken_invariant WHERE invariant = 'portfolios_add_up_to_totals' ORDER BY 1"


def _rows(now: int) -> dict[str, list[Any]]:
    """Something of every measure: an owned account, one handed over, one of nobody, one not told of, a former one."""
    owned = {"valid_from": LONG_AGO, "manager_id": "ann", "pod_id": "p"}
    made: dict[str, list[Any]] = {
        "account_history": [
            row("account_history", account_id=account, valid_from=LONG_AGO, event_id="e") for account in "abcf"
        ],
        "manager_assignment": [
            row("manager_assignment", account_id=account, event_id="m1", **owned) for account in "abef"
        ],
    }
    made["account_history"].append(
        row("account_history", account_id="f", valid_from=LONG_AGO + DAY, event_id="e2", lifecycle="Former")
    )
    later = {"valid_from": LONG_AGO + 9 * DAY, "manager_id": "bob"}
    made["manager_assignment"].append(row("manager_assignment", account_id="b", event_id="m2", **later))
    for account in "abcez":
        told = {"account_id": account}
        since = {"valid_from": LONG_AGO, "rate_at": LONG_AGO, "mrr_micros": 7_000_000}
        made.setdefault("mrr_item", []).append(row("mrr_item", **told, subscription_id="s", item_id="i", **since))
        made.setdefault("receivable_entry", []).append(
            row("receivable_entry", **told, invoice_id="i", kind="issued", at=LONG_AGO, amount_micros=5_000_000)
        )
        made.setdefault("ticket_span", []).append(
            row("ticket_span", **told, ticket_id="t", from_at=LONG_AGO, opened_at=LONG_AGO)
        )
        dates = {"starts_at": LONG_AGO, "due_at": now + 30 * DAY, "first_due_at": now + 30 * DAY, "target_micros": 1}
        made.setdefault("renewal", []).append(row("renewal", **told, contract_id="k", term_no=1, **dates))
        for number in range(3):
            answer = {"submitted_at": now - (50 * number + 1) * DAY, "nps": float(number + 7), "contact_id": "x"}
            made.setdefault("response", []).append(row("response", **told, response_id=f"r{number}", **answer))
        night = {"message_id": "m", "sent_at": now - 29 * DAY, "out_of_hours": True}
        made.setdefault("ticket_message", []).append(row("ticket_message", **told, ticket_id="t", **night))
    return made


@pytest.mark.servers
def test_portfolios_add_up_and_a_view_that_doubles_is_found(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Managers are paid by these figures: an account that counts twice, or not at all, must not go unseen."""
    warehouse, generation = empty(Warehouse(portfolio_most=19))
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    ClickHouseSink(client, generation, checked=True).insert(_rows(now))
    broken = BROKEN.format(warehouse.database)
    assert client.execute(broken) == []
    held = client.execute(
        f"SELECT dimension_value, accounts, open_tickets, nps_n FROM {warehouse.database}.manager_portfolio"
        " WHERE dimension = 'manager' AND window_start = today() ORDER BY 1"
    )
    assert held == [("", 1, 2, 2), ("ann", 2, 2, 2), ("bob", 1, 1, 1)]
    whole = next(view for view in views.load() if view.name == "portfolio_account")
    try:
        doubled = f"WITH _h AS ({whole.select}) SELECT * FROM _h UNION ALL SELECT * FROM _h"
        migrate.apply(client, warehouse, msgspec.structs.replace(whole, select=doubled), generation)
        amounts = ["credited accounts", "overdue in USD", "recurring revenue", "renewals in USD"]
        every = sorted(["accounts", "answers", "messages", "overdue invoices", "renewals", "tickets", *amounts])
        assert [subject for (subject,) in client.execute(broken)] == every
    finally:
        migrate.apply(client, warehouse, whole, generation)
    assert client.execute(broken) == []
