"""Events of one account, made from chance that can be repeated: the same seed gives the same, down to each id."""

from __future__ import annotations

import uuid
from random import Random
from typing import TYPE_CHECKING, Any

from infra.demo.world import PAST

if TYPE_CHECKING:
    from infra.demo.world import Account, Chapter

Told = tuple[str, dict[str, Any]]
"""Type and fields of an event."""


class Voice:
    """Tells events of an account; ``theme`` keeps the chance of one story apart from that of another."""

    def __init__(self, account: Account, seed: int, theme: str = "", chapter: Chapter = PAST) -> None:
        self.account, self.chapter = account, chapter
        key = f"{seed}/{account.id}{theme}" + (f"/{chapter.source}" if chapter.name else "")
        self.chance = Random(key)  # noqa: S311  # a story must be repeatable
        self._made = 0

    def event(self, kind: str, at: int, /, **fields: Any) -> Told:
        identity = uuid.UUID(int=self.chance.getrandbits(128), version=4)
        envelope = {"event_id": str(identity), "account_id": self.account.id, "occurred_at": at}
        return kind, {**envelope, "source": self.chapter.source, **fields}

    def often(self, share: float) -> bool:
        """Return true in this share of cases."""
        return self.chance.random() < share

    def name(self, what: str) -> str:
        self._made += 1
        return self.chapter.label(self.account.id, what, self._made)
