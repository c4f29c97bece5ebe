"""Random histories of watched accounts: who owns them, what they pay and renew, their health, risks and merges."""

import random
from typing import Any

from tests.sinks.example_rows import row

HOUR = 3_600_000_000
DAY = 24 * HOUR
ACCOUNTS = "abcdef"


class Watched:
    """Rows of six accounts in and around the last hundred days; histories of two seeds have the same keys."""

    def __init__(self, seed: int, now: int) -> None:
        self._chance, self._now = random.Random(seed), now

    def rows(self) -> dict[str, list[Any]]:
        made = {
            "manager_assignment": self._assigned,
            "account_history": self._told,
            "account_merge": self._merged,
            "mrr_item": self._paid,
            "renewal": self._due,
            "ticket_span": self._asked,
            "account_health": self._judged,
            "risk_episode": self._risky,
        }
        return {
            table: [row(table, account_id=self._any(*ACCOUNTS), **make(n)) for n in range(20)]
            for table, make in made.items()
        }

    def _any(self, *of: Any) -> Any:
        return self._chance.choice(of)

    def _at(self, most: int = 40) -> int:
        return (
            self._now // DAY * DAY + self._chance.randint(-100, most) * DAY + self._chance.choice((0, 0, 9, 23)) * HOUR
        )

    def _later(self, start: int) -> int | None:
        return self._chance.choice((None, start + self._chance.randint(0, 60) * DAY))

    def _assigned(self, number: int) -> dict[str, Any]:
        held = {"role": self._any("OWNER", "OWNER", "TRAINEE"), "valid_from": self._at()}
        return {"event_id": f"m{number}", "manager_id": self._any("ann", "bob"), "pod_id": self._any("", "p"), **held}

    def _told(self, number: int) -> dict[str, Any]:
        return {"event_id": f"e{number}", "valid_from": self._at(), "segment": self._any("big", "small")}

    def _merged(self, number: int) -> dict[str, Any]:
        start = self._at()
        into = {"survivor_id": self._any(*ACCOUNTS), "from_at": start, "until_at": self._later(start)}
        # Few are merged: a ring of all would leave nobody to be at risk.
        return {"ordinal": number, "event_id": f"g{number}", **into, "is_test": number > 1}

    def _paid(self, number: int) -> dict[str, Any]:
        start = self._at()
        lasts = {"valid_from": start, "valid_to": self._later(start), "rate_at": start}
        paid = {"mrr_micros": 1_000_000 * number, "currency": self._any("USD", "EUR")}
        return {"subscription_id": f"s{number}", "item_id": "i", **lasts, **paid}

    def _due(self, number: int) -> dict[str, Any]:
        start, status = self._at(), self._any("open", "renewed", "lost")
        end = start + self._chance.randint(1, 120) * DAY
        decided = None if status == "open" else end + self._chance.randint(-40, 40) * DAY
        value = {"target_micros": 5_000_000 * number, "currency": self._any("USD", "EUR"), "decided_at": decided}
        dates = {"starts_at": start, "ends_at": end, "due_at": end, "first_due_at": end}
        return {"contract_id": f"k{number}", "term_no": 1, "status": status, **dates, **value}

    def _asked(self, number: int) -> dict[str, Any]:
        start = self._at(0)
        return {"ticket_id": f"t{number}", "from_at": start, "opened_at": start, "until_at": self._later(start)}

    def _judged(self, number: int) -> dict[str, Any]:
        score, names = self._any(None, 10.0, 55.0), ("nps", "touch", "usage")[: self._chance.randint(1, 3)]
        brought = tuple(float(self._chance.randint(0, 25)) for _ in names)
        parts = {"components": names, "contributions": brought, "weights": (1 / len(names),) * len(names)}
        said = {"model_id": self._any("default", "other"), "is_known": self._any(False, True), "at": self._at()}
        return {**said, "score": score, "band": self._any("red", "green"), "event_id": f"h{number}", **parts}

    def _risky(self, number: int) -> dict[str, Any]:
        start = self._at()
        times = {"since": start, "noticed_at": start + self._any(0, DAY), "closed_at": self._later(start)}
        said = {"rule_id": self._any("late", "quiet"), "is_known": self._any(False, False, True), "opened_at": start}
        return {"severity": self._any("low", "medium", "high"), "event_id": f"n{number}", **times, **said}
