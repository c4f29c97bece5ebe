"""Random histories of accounts and of who looks after them: rows of all that portfolios and renewals are made of."""

import random
from collections.abc import Callable
from typing import Any

from tests.sinks.example_rows import row

HOUR = 3_600_000_000
DAY = 24 * HOUR
ACCOUNTS = "abcdef"
MANAGERS = ("ann", "bob", "cid")


class History:
    """Rows of six accounts in and around the last hundred days, some to come, some of one moment, some of tests."""

    LEAST = 0
    """Rows of a table that there are at least."""

    def __init__(self, seed: int, now: int) -> None:
        self.chance, self.now = random.Random(seed), now

    def rows(self) -> dict[str, list[Any]]:
        return {table: self.some(table, make) for table, make in self.made().items()} | {"fx_rate": [self.rate()]}

    def made(self) -> dict[str, Callable[[int], dict[str, Any]]]:
        return {
            "manager_assignment": self._assigned,
            "account_history": self._told,
            "renewal": self._due,
            "mrr_item": self._paid,
            "receivable_entry": self._owed,
            "ticket_span": self._asked,
            "response": self._answered,
        }

    def rate(self) -> Any:
        return row("fx_rate", base="EUR", quote="USD", valid_from=self.at(0), rate_micros=1_100_000, event_id="f")

    def some(self, table: str, make: Callable[[int], dict[str, Any]]) -> list[Any]:
        common = ({"account_id": self.any(*ACCOUNTS), "is_test": self.any(*[False] * 19, True)} for _ in range(24))
        some = [{**each, **make(number)} for number, each in enumerate(common)][: self.chance.randint(self.LEAST, 24)]
        return [row(table, **{name: value for name, value in each.items() if value is not None}) for each in some]

    def any(self, *of: Any) -> Any:
        return self.chance.choice(of)

    def at(self, most: int = 40) -> int:
        hours: int = self.any(0, 0, 9, 23)
        return self.now // DAY * DAY + self.chance.randint(-100, most) * DAY + hours * HOUR

    def later(self, start: int) -> int | None:
        ends = (None, start + self.chance.randint(0, 60) * DAY, start + self.chance.randint(1, 30) * HOUR)
        return self.chance.choice(ends)

    def _assigned(self, number: int) -> dict[str, Any]:
        start = self.at()
        held = {"role": self.any("OWNER", "OWNER", "OWNER", "TRAINEE"), "valid_from": start}
        inside = {
            "manager_id": self.any(*MANAGERS),
            "pod_id": self.any("", "p1", "p2"),
            "lead_id": self.any("", "l"),
        }
        return {"event_id": f"m{number}", "valid_to": self.later(start), **held, **inside}

    def _told(self, number: int) -> dict[str, Any]:
        named = {"segment": self.any("big", "small"), "lifecycle": self.any("customer", "Churned")}
        return {"event_id": f"e{number}", "valid_from": self.at(), **named}

    def _due(self, number: int) -> dict[str, Any]:
        start, status = self.at(), self.any("open", "overdue", "renewed", "lost", "unknown")
        end = start + self.chance.randint(1, 120) * DAY
        decided = None if status in ("open", "overdue", "unknown") else end + self.chance.randint(-40, 40) * DAY
        value = {"target_micros": 5_000_000 * number, "currency": self.any("USD", "EUR"), "decided_at": decided}
        dates = {"starts_at": start, "ends_at": end, "due_at": end, "first_due_at": end - self.any(0, DAY)}
        return {"contract_id": f"k{number}", "term_no": 1, "status": status, **dates, **value}

    def _paid(self, number: int) -> dict[str, Any]:
        start = self.at()
        priced = {"mrr_micros": 1_000_000 * number, "currency": self.any("USD", "EUR"), "rate_at": start}
        lasts = {"valid_from": start, "valid_to": self.later(start)}
        return {"subscription_id": f"s{number}", "item_id": "i", **lasts, **priced}

    def _owed(self, number: int) -> dict[str, Any]:
        money = {"amount_micros": 1_000_000 * number, "currency": self.any("USD", "EUR")}
        return {"invoice_id": f"i{number}", "entry": "e", "kind": "issued", "at": self.at(0), **money}

    def _asked(self, number: int) -> dict[str, Any]:
        start = self.at(0)
        return {"ticket_id": f"t{number}", "from_at": start, "opened_at": start, "until_at": self.later(start)}

    def _answered(self, number: int) -> dict[str, Any]:
        said = {"contact_id": self.any("", "x", "y"), "nps": float(self.chance.randint(0, 10))}
        return {"response_id": f"r{number}", "submitted_at": self.at(0), **said}
