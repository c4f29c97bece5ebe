"""Let accounts have more than one manager: a second one, a trainee with a mentor, and shares that are too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, PODS, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account


class Helper(msgspec.Struct, frozen=True):
    """Someone beside the owner; weeks count from the first of the demonstration, ``until`` 0 is for good."""

    manager: str
    role: str
    share_bp: int | None
    week: int
    until: int = 0


HELPERS = {
    "demo-acorn": (Helper("mgr-ben", "CSM", 2_500, 2, 10),),
    "demo-elder": (Helper("mgr-ana", "CSM", 6_000, 1, 7), Helper("mgr-ben", "CSM", 5_000, 5, 9)),
    "demo-gorse": (Helper("mgr-eli", "TRAINEE", None, 0), Helper("mgr-chen", "MENTOR", 1_000, 1)),
    "demo-hazel": (Helper("mgr-ben", "CSM", 3_333, 3),),
}
"""By account. For two weeks those of one are 110 % together, which a view tells of."""


class Sharer(Voice):
    """Tells who serves one account beside its owner, and with which share."""

    def story(self) -> Iterator[Told]:
        for helper in HELPERS.get(self.account.id, ()):
            since = START + helper.week * 7 * DAY
            yield self.event(
                "manager_assigned", since, manager_id=helper.manager, role=helper.role, share_bp=helper.share_bp,
                pod_id=PODS.get(helper.manager), valid_from=since,
                valid_to=START + helper.until * 7 * DAY if helper.until else None,
            )  # fmt: skip


def tell(account: Account, seed: int) -> list[Told]:
    """Return who serves an account beside its owner, ordered by when it began."""
    return sorted(Sharer(account, seed, "/sharing").story(), key=lambda told: told[1]["occurred_at"])
