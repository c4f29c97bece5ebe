"""Views that join an account's owners once say what they said when they joined them for every moment apart."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import sql, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

FORMER = {path.stem: path.read_text("utf-8").strip() for path in (Path(__file__).parent / "former").glob("*.sql")}
"""What the views were before: one ASOF join for each moment, and maps in every step."""
COMPARED = (
    "portfolio_span",
    "portfolio_told",
    "portfolio_account",
    "renewal_course",
    "renewal_credit",
    "renewals_due",
    "mrr_span",
)
READS = re.compile(r"\$\{cx\}\.(\w+)")
HOUR = 3_600_000_000
DAY = 24 * HOUR
ACCOUNTS = "abcdef"
MANAGERS = ("ann", "bob", "cid")


class _History:
    """Rows of six accounts in and around the last hundred days, some to come, some of one moment, some of tests."""

    def __init__(self, seed: int, now: int) -> None:
        self._chance, self._now = random.Random(seed), now

    def rows(self) -> dict[str, list[Any]]:
        made = {
            "manager_assignment": self._assigned,
            "account_history": self._told,
            "renewal": self._due,
            "mrr_item": self._paid,
            "receivable_entry": self._owed,
            "ticket_span": self._asked,
            "response": self._answered,
        }
        rate = row("fx_rate", base="EUR", quote="USD", valid_from=self._at(0), rate_micros=1_100_000, event_id="f")
        return {**{table: self._some(table, make) for table, make in made.items()}, "fx_rate": [rate]}

    def _some(self, table: str, make: Callable[[int], dict[str, Any]]) -> list[Any]:
        common = ({"account_id": self._any(*ACCOUNTS), "is_test": self._any(*[False] * 19, True)} for _ in range(24))
        some = [{**each, **make(number)} for number, each in enumerate(common)][: self._chance.randint(0, 24)]
        return [row(table, **{name: value for name, value in each.items() if value is not None}) for each in some]

    def _any(self, *of: Any) -> Any:
        return self._chance.choice(of)

    def _at(self, most: int = 40) -> int:
        return self._now // DAY * DAY + self._chance.randint(-100, most) * DAY + self._any(0, 0, 9, 23) * HOUR

    def _later(self, start: int) -> int | None:
        ends = (None, start + self._chance.randint(0, 60) * DAY, start + self._chance.randint(1, 30) * HOUR)
        return self._chance.choice(ends)

    def _assigned(self, number: int) -> dict[str, Any]:
        start = self._at()
        held = {"role": self._any("OWNER", "OWNER", "OWNER", "TRAINEE"), "valid_from": start}
        inside = {
            "manager_id": self._any(*MANAGERS),
            "pod_id": self._any("", "p1", "p2"),
            "lead_id": self._any("", "l"),
        }
        return {"event_id": f"m{number}", "valid_to": self._later(start), **held, **inside}

    def _told(self, number: int) -> dict[str, Any]:
        named = {"segment": self._any("big", "small"), "lifecycle": self._any("customer", "Churned")}
        return {"event_id": f"e{number}", "valid_from": self._at(), **named}

    def _due(self, number: int) -> dict[str, Any]:
        start, status = self._at(), self._any("open", "overdue", "renewed", "lost", "unknown")
        end = start + self._chance.randint(1, 120) * DAY
        decided = None if status in ("open", "overdue", "unknown") else end + self._chance.randint(-40, 40) * DAY
        value = {"target_micros": 5_000_000 * number, "currency": self._any("USD", "EUR"), "decided_at": decided}
        dates = {"starts_at": start, "ends_at": end, "due_at": end, "first_due_at": end - self._any(0, DAY)}
        return {"contract_id": f"k{number}", "term_no": 1, "status": status, **dates, **value}

    def _paid(self, number: int) -> dict[str, Any]:
        start = self._at()
        priced = {"mrr_micros": 1_000_000 * number, "currency": self._any("USD", "EUR"), "rate_at": start}
        lasts = {"valid_from": start, "valid_to": self._later(start)}
        return {"subscription_id": f"s{number}", "item_id": "i", **lasts, **priced}

    def _owed(self, number: int) -> dict[str, Any]:
        money = {"amount_micros": 1_000_000 * number, "currency": self._any("USD", "EUR")}
        return {"invoice_id": f"i{number}", "entry": "e", "kind": "issued", "at": self._at(0), **money}

    def _asked(self, number: int) -> dict[str, Any]:
        start = self._at(0)
        return {"ticket_id": f"t{number}", "from_at": start, "opened_at": start, "until_at": self._later(start)}

    def _answered(self, number: int) -> dict[str, Any]:
        said = {"contact_id": self._any("", "x", "y"), "nps": float(self._chance.randint(0, 10))}
        return {"response_id": f"r{number}", "submitted_at": self._at(0), **said}


@pytest.fixture
def both(client: Client, empty: Callable[[Warehouse], Migrated]) -> Iterator[tuple[Warehouse, str, str]]:
    """Give the database of the views, its generation, and a database with the former ones over the same tables."""
    warehouse, generation = empty(Warehouse(time_zone="Europe/Berlin"))
    former = msgspec.structs.replace(warehouse, database=f"{warehouse.database}_former")
    client.execute(f"CREATE DATABASE {former.database}")
    needed = {"manager_portfolio", *COMPARED}
    for view in reversed(views.load()):
        if view.name in needed:
            needed |= set(READS.findall(FORMER.get(view.name, view.select)))
    known = [msgspec.structs.replace(view, select=FORMER.get(view.name, view.select)) for view in views.load()]
    for view in views.in_order(view for view in known if view.name in needed):
        text = views.filled(view.select, former, generation=generation).replace(former.meta, warehouse.meta)
        client.execute(f"CREATE VIEW {former.database}.{sql.name(view.name)} AS {text}")
    yield warehouse, generation, former.database
    client.execute(f"DROP DATABASE {former.database} SYNC")


@pytest.mark.servers
def test_owners_joined_once_are_the_owners_of_every_moment(
    client: Client, both: tuple[Warehouse, str, str], empty: Callable[[Warehouse], Migrated]
) -> None:
    """A quicker view that credits another manager once in a thousand renewals would be paid out before it is seen."""
    warehouse, generation, former = both
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    seen = 0
    for seed in range(6):
        empty(Warehouse(time_zone="Europe/Berlin"))
        ClickHouseSink(client, generation, checked=True).insert(_History(seed, now).rows())
        for view in ("manager_portfolio", *COMPARED):
            names = [name for name, *_ in client.execute(f"DESCRIBE {former}.{view}") if name != "as_of"]
            asked = f"SELECT {', '.join(names)} FROM {{}}.{view} ORDER BY ALL"
            had = client.execute(asked.format(former))
            assert client.execute(asked.format(warehouse.database)) == had, (seed, view)
            seen += len(had)
    assert seen > 3_000
