"""Events of onboardings for tests: short to write, on days counted from the start of histories."""

from typing import Any

from streams.core.events import (
    MilestoneReached,
    OnboardingPaused,
    OnboardingPlanned,
    OnboardingResumed,
    PlannedMilestone,
)
from streams.core.rows_onboarding import OnboardingMilestoneRow, OnboardingRow
from tests.support.contracts import day, envelope
from tests.support.machine import Machine


def planned(at: float = 0, starts: float = 0, **fields: Any) -> OnboardingPlanned:
    """A plan told on a day: kickoff by day 10, first value by day 30."""
    milestones = (
        PlannedMilestone(milestone_code="kickoff", planned_at=day(10)),
        PlannedMilestone(milestone_code="value", planned_at=day(30), is_first_value=True),
    )
    known: dict[str, Any] = {"onboarding_id": "o1", "starts_at": day(starts), "milestones": milestones}
    return OnboardingPlanned(**(envelope(at) | known | fields))


def reached(at: float, code: str = "value", **fields: Any) -> MilestoneReached:
    known: dict[str, Any] = {"onboarding_id": "o1", "milestone_code": code, "reached_at": day(at)}
    return MilestoneReached(**(envelope(at) | known | fields))


def paused(at: float) -> OnboardingPaused:
    return OnboardingPaused(**envelope(at), onboarding_id="o1", effective_at=day(at))


def resumed(at: float) -> OnboardingResumed:
    return OnboardingResumed(**envelope(at), onboarding_id="o1", effective_at=day(at))


def onboarding_of(machine: Machine) -> OnboardingRow:
    (row,) = (row for row in machine.tables.values() if isinstance(row, OnboardingRow))
    return row


def milestones_of(machine: Machine) -> dict[str, OnboardingMilestoneRow]:
    return {row.milestone_code: row for row in machine.tables.values() if isinstance(row, OnboardingMilestoneRow)}
