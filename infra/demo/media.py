"""Tell of media bought for an account: lines of a plan, one of them stated again, and what was spent on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account

_DAYS = 28
_CHANNELS = ("search", "social", "radio")


class Buyer(Voice):
    """Tells the media of one account; the same seed tells the same, down to each event's id."""

    def lines(self) -> Iterator[Told]:
        """Yield a line for each channel; the first one is raised, the last one is cancelled for some."""
        for number, channel in enumerate(_CHANNELS):
            begin = START + (7 * number + self.chance.randrange(14)) * DAY
            # A whole number of dollars for each day: parts of an amount need no rounding.
            a_day = self.chance.randint(20, 90) * 100
            line = {"plan_id": self.name("line"), "project_id": f"{self.account.id}-project", "channel": channel,
                    "starts_at": begin, "ends_at": begin + _DAYS * DAY, "currency": "USD", "exponent": 2}  # fmt: skip
            yield self.event("media_plan_set", begin - 10 * DAY, **line, amount=_DAYS * a_day)
            if number == 0:
                yield self.event("media_plan_set", begin + 3 * DAY, **line, amount=_DAYS * (a_day + 1_000))
            if channel == "radio" and self.often(0.3):
                yield self.event("media_plan_set", begin - 2 * DAY, **line, amount=_DAYS * a_day, is_cancelled=True)
                continue
            yield from self._spent(str(line["plan_id"]), begin, a_day)

    def _spent(self, line: str, begin: int, a_day: int) -> Iterator[Told]:
        for day in range(0, _DAYS, 2):
            at = begin + day * DAY + 9 * DAY // 24
            amount = 2 * a_day * self.chance.randint(70, 125) // 100
            yield self.event("media_spend_reported", at, spend_id=self.name("spend"), plan_id=line, amount=amount,
                             currency="USD", exponent=2, spent_at=at)  # fmt: skip


def tell(account: Account, seed: int) -> list[Told]:
    """Return what was planned and spent, ordered by when it happened."""
    return sorted(Buyer(account, seed, "/media").lines(), key=lambda told: told[1]["occurred_at"])
