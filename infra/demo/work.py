"""Tell of the work for an account: a project with its stages, tasks with deadlines, time, and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.voice import Told, Voice
from infra.demo.world import ACCOUNTS, DAY, HOUR, START, WEEKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account

_STAGES = ("briefing", "fieldwork", "report")
_ROLES = {"researcher": 6_000, "designer": 5_200}
"""Cost of an hour of each, in cents."""
_PEOPLE = (("per-1", "researcher"), ("per-2", "researcher"), ("per-3", "designer"))


class Worker(Voice):
    """Tells the work for one account; the same seed tells the same, down to each event's id."""

    def project(self) -> Iterator[Told]:
        """Yield a project with fieldwork, and one of four whose due date is moved."""
        project, begin = f"{self.account.id}-project", START + self.chance.randrange(14) * DAY
        due = begin + 49 * DAY
        agreed = {"project_id": project, "name": f"Study for {self.account.name}", "due_at": due, "quota": 60,
                  "survey_ids": ["demo-relationship"], "owner_id": self.account.stages[0].manager}  # fmt: skip
        yield self.event("project_set", begin, **agreed)
        if self.often(0.25):
            yield self.event("project_set", begin + 20 * DAY, **{**agreed, "due_at": due + 14 * DAY})
        at = begin + DAY
        for stage in _STAGES:
            yield self.event("project_stage_changed", at, project_id=project, stage=stage, due_at=at + 15 * DAY)
            yield from self._tasks(project, at)
            at += self.chance.randint(8, 20) * DAY
        yield self.event("project_stage_changed", at, project_id=project, stage="over", ends="DELIVERED")

    def _tasks(self, project: str, begin: int) -> Iterator[Told]:
        for _ in range(4):
            task, asked = self.name("task"), begin + self.chance.randrange(5 * DAY)
            due = asked + self.chance.randint(2, 9) * DAY
            person = self.chance.choice(_PEOPLE)[0]
            told = {"task_id": task, "project_id": project}
            yield self.event("task_due_set", asked, **told, assignee_id=person, due_at=due)
            if self.often(0.2):
                yield self.event("task_due_set", due + HOUR, **told, assignee_id=person, due_at=due + 3 * DAY)
            # Well before or well after the deadline: no figure hangs on its exact moment.
            done = due + self.chance.choice((-DAY, -5 * HOUR, -2 * HOUR, 30 * HOUR, 2 * DAY))
            yield self.event("task_completed", done, **told, person_id=person, completed_at=done)

    def spent(self) -> Iterator[Told]:
        """Yield timesheets, week by week, and what was bought."""
        project = f"{self.account.id}-project"
        for week in range(WEEKS):
            monday = START + week * 7 * DAY
            for person, role in _PEOPLE:
                at = monday + self.chance.randrange(4) * DAY + 9 * HOUR
                yield self.event(
                    "time_entry", at + 2 * DAY, time_entry_id=self.name("time"), project_id=project, person_id=person,
                    role=role, minutes=self.chance.randint(2, 30) * 15, worked_at=at,
                    kind="DELIVERY" if self.often(0.85) else "OVERHEAD",
                )  # fmt: skip
            if self.often(0.3):
                yield self.event(
                    "cost_entry", monday + DAY, cost_entry_id=self.name("cost"), project_id=project, currency="USD",
                    amount=self.chance.randint(50, 900) * 100, exponent=2, incurred_at=monday,
                    kind=self.chance.choice(("PASS_THROUGH", "CONTRACTOR", "DELIVERY")),
                )  # fmt: skip


def settings(seed: int) -> list[Told]:
    """Return the rate card."""
    voice, since = Voice(ACCOUNTS[0], seed, "/rates"), START - 60 * DAY
    return [
        voice.event("rate_card_set", since, account_id=f"rate_card:role:{role}", role=role, hourly_rate=rate,
                    currency="USD", exponent=2, valid_from=since)
        for role, rate in _ROLES.items()
    ]  # fmt: skip


def tell(account: Account, seed: int) -> list[Told]:
    """Return the work for an account, ordered by when it happened."""
    worker = Worker(account, seed, "/work")
    return sorted([*worker.project(), *worker.spent()], key=lambda told: told[1]["occurred_at"])
