"""Tell of accounts that turned out to be one customer: one merge that lasts, and one that was a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.voice import Voice
from infra.demo.world import ACCOUNTS, DAY, START

if TYPE_CHECKING:
    from infra.demo.voice import Told

_NAMED = {account.id: account for account in ACCOUNTS}
_LASTS = ("demo-larch", "demo-elder", 40)
_MISTAKEN = ("demo-juniper", "demo-cedar", 20, 70)
"""Account that goes, survivor, and the days from the start on which they were merged and taken apart."""


def tell(seed: int) -> list[Told]:
    """Return the merges and the end of one of them."""
    gone, survivor, since = _LASTS
    lasts = Voice(_NAMED[gone], seed, "/merging")
    told = [lasts.event("account_merged", START + since * DAY, survivor_id=survivor)]
    gone, survivor, since, until = _MISTAKEN
    mistaken = Voice(_NAMED[gone], seed, "/merging")
    told.append(mistaken.event("account_merged", START + since * DAY, survivor_id=survivor))
    told.append(mistaken.event("account_unmerged", START + until * DAY, survivor_id=survivor))
    return told
