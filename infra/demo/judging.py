"""Let managers say how they get on with an account: most now and then, one never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, HOUR, PAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account, Chapter

_BEST = 2
_NEVER = "demo-iris"
"""The account that nobody has judged."""
_EVERY = 3
"""Weeks between two judgements."""


class Judge(Voice):
    """Tells what managers say of their relationship with one account."""

    def story(self) -> Iterator[Told]:
        if self.account.id == _NEVER:
            return
        for week in range(self.chance.randrange(_EVERY), self.chapter.weeks, _EVERY):
            at = self.chapter.begin + week * 7 * DAY + self.chance.randrange(5) * DAY + 15 * HOUR
            felt = round(2 * self.account.warmth + self.chance.uniform(-1.2, 1.2))
            told = {
                "sentiment_id": self.name("pulse"), "manager_id": self.account.stage(at).manager, "set_at": at,
                "sentiment": max(-_BEST, min(_BEST, felt)), "note_present": self.often(0.6),
            }  # fmt: skip
            yield self.event("manager_sentiment_set", at, **told)
            if self.often(0.1):
                # A slip of the finger, mended the day after: the judgement is as old as it was.
                yield self.event("manager_sentiment_set", at + DAY, **{**told, "sentiment": 0})
            if self.often(0.1):
                return


def tell(account: Account, seed: int, chapter: Chapter = PAST) -> list[Told]:
    """Return what managers say of an account, ordered by when it happened."""
    return list(Judge(account, seed, "/judging", chapter).story())
