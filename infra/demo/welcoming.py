"""Let accounts be onboarded: some reach value in time, some late or never, some wait, and one tells the plan last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account

Course = Literal["quick", "slow", "never", "pauses", "replanned", "overtaken"]
COURSES: dict[str, tuple[int, int, Course]] = {
    "demo-acorn": (2, 18, "quick"),
    "demo-birch": (3, 0, "never"),
    "demo-cedar": (5, 70, "slow"),
    "demo-dahlia": (8, 25, "quick"),
    "demo-elder": (4, 50, "pauses"),
    "demo-fern": (10, 40, "replanned"),
    "demo-gorse": (6, 22, "overtaken"),
    "demo-hazel": (9, 35, "pauses"),
    "demo-iris": (12, 0, "never"),
    "demo-juniper": (7, 28, "quick"),
    "demo-kelp": (11, 15, "quick"),
    "demo-larch": (14, 55, "slow"),
}
"""By account: the day on which its clock starts, days on the clock until its first value (0 for never), its course."""
PAUSE = 12


class Host(Voice):
    """Tells one account's onboarding."""

    def story(self) -> Iterator[Told]:
        day, value, course = COURSES[self.account.id]
        starts, onboarding = START + day * DAY, {"onboarding_id": self.name("onboarding")}
        plan = self._planned(starts - DAY, starts, 30, **onboarding)
        if course != "overtaken":
            yield plan
        yield self._reached("kickoff", starts + 4 * DAY, **onboarding)
        if course == "overtaken":
            # Dated when it was made and told weeks later: what came before it waits.
            yield self._planned(starts + 6 * DAY, starts, 30, **onboarding)
        rest = PAUSE if course == "pauses" else 0
        if rest:
            yield self.event("onboarding_paused", starts + 10 * DAY, effective_at=starts + 10 * DAY, **onboarding)
            until = starts + (10 + rest) * DAY
            yield self.event("onboarding_resumed", until, effective_at=until, **onboarding)
        if course == "replanned":
            yield self._planned(starts + 20 * DAY, starts, 45, **onboarding)
        if value:
            yield self._reached("first_project", starts + (value + rest) * DAY, **onboarding)

    def _planned(self, at: int, starts: int, by: int, **onboarding: Any) -> Told:
        milestones = [
            {"milestone_code": "kickoff", "planned_at": starts + 7 * DAY},
            {"milestone_code": "first_project", "planned_at": starts + by * DAY, "is_first_value": True},
        ]
        fields = {"starts_at": starts, "start_kind": "CONTRACT", "milestones": milestones}
        return self.event("onboarding_planned", at, **onboarding, **fields)

    def _reached(self, code: str, at: int, **onboarding: Any) -> Told:
        return self.event("milestone_reached", at, milestone_code=code, reached_at=at, **onboarding)


def tell(account: Account, seed: int) -> list[Told]:
    """Return an account's onboarding, ordered by when it happened."""
    return sorted(Host(account, seed, "/welcoming").story(), key=lambda told: told[1]["occurred_at"])
