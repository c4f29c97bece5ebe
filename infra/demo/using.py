"""Let products be used: seats from day to day, of one account more than it pays for, and one that falls asleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, HOUR, PAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account, Chapter

_SEATS = {"demo-acorn": 40, "demo-cedar": 5, "demo-elder": 60, "demo-fern": 8, "demo-larch": 30}
"""Seats by account; those of the others are not reported."""
_CROWDED, _ASLEEP = "demo-fern", "demo-elder"


class Meter(Voice):
    """Tells how many seats of one account are taken."""

    def story(self) -> Iterator[Told]:
        seats = _SEATS.get(self.account.id, 0)
        if not seats:
            return
        days = 7 * self.chapter.weeks
        for day in range(days):
            at = self.chapter.begin + day * DAY + 20 * HOUR
            share = 0.6 + 0.2 * self.chance.random()
            if self.account.id == _CROWDED:
                share += 0.5 * day / days
            if self.account.id == _ASLEEP:
                share *= 1 - 0.9 * day / days
            level = float(round(seats * share))
            told = {"meter": "seats_used", "measured_at": at, "limit": float(seats)}
            yield self.event("usage_reported", at + HOUR, **told, value=level)
            if self.often(0.03):
                # Counted again the day after: it replaces the report of that moment.
                yield self.event("usage_reported", at + DAY, **told, value=level + 1)


def tell(account: Account, seed: int, chapter: Chapter = PAST) -> list[Told]:
    """Return what was used by an account, ordered by when it was told."""
    return sorted(Meter(account, seed, "/using", chapter).story(), key=lambda told: told[1]["occurred_at"])
