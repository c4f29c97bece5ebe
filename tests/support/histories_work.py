"""Hypothesis strategies: short histories of projects, tasks and entries of one account.

Few names and hours, so that stages come again, due dates are moved before and after they pass, and things are done
before anybody has said by when.
"""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    CostEntry,
    MediaPlanSet,
    MediaSpendReported,
    ProjectSet,
    ProjectStageChanged,
    TaskCompleted,
    TaskDueSet,
    TimeEntry,
)
from tests.support.histories import ENVELOPE, HOUR, START, histories_of, times

Strategy = st.SearchStrategy[Any]
_crowded = st.integers(0, 6).map(lambda hours: START + hours * HOUR)
_OFTEN: dict[str, Any] = ENVELOPE | {"occurred_at": times | _crowded}
_PROJECT: dict[str, Any] = _OFTEN | {"project_id": st.sampled_from(["p1", "p1", "p2"])}
_TASK: dict[str, Any] = _OFTEN | {
    "task_id": st.sampled_from(["k1", "k1", "k2"]),
    "project_id": st.sampled_from([None, "p1"]),
}
_due = st.none() | times | _crowded
PROJECTS: dict[type, Strategy] = {
    ProjectSet: st.builds(
        ProjectSet,
        **_PROJECT,
        name=st.sampled_from(["Tracker", "Campaign"]),
        owner_id=st.none() | st.just("m1"),
        due_at=_due,
        quota=st.none() | st.just(100),
        survey_ids=st.sampled_from([(), ("s1",)]),
        budget=st.just(1_000),
        currency=st.just("EUR"),
        exponent=st.just(2),
    ),
    ProjectStageChanged: st.builds(
        ProjectStageChanged,
        **_PROJECT,
        stage=st.sampled_from(["briefing", "fieldwork", "report"]),
        due_at=_due,
        ends=st.sampled_from([None, None, None, "DELIVERED", "CANCELLED", "UNKNOWN"]),
    ),
}
TASKS: dict[type, Strategy] = {
    TaskDueSet: st.builds(TaskDueSet, **_TASK, assignee_id=st.none() | st.just("per1"), due_at=_due),
    TaskCompleted: st.builds(
        TaskCompleted, **_TASK, person_id=st.none() | st.just("per1"), completed_at=times | _crowded
    ),
}
_STAGES = st.one_of(PROJECTS[ProjectSet], *[PROJECTS[ProjectStageChanged]] * 3)


def project_histories(max_size: int = 9) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of projects, more of their stages than of what they are."""
    return histories_of(_STAGES, max_size)


def task_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of tasks."""
    return histories_of(st.one_of(*TASKS.values()), max_size)


ENTRIES: dict[type, Strategy] = {
    TimeEntry: st.builds(
        TimeEntry,
        **_OFTEN,
        time_entry_id=st.sampled_from(["x1", "x1", "x2"]),
        project_id=st.sampled_from([None, "p1"]),
        person_id=st.sampled_from(["per1", "per2"]),
        role=st.none() | st.just("maker"),
        minutes=st.integers(1, 1440),
        worked_at=times | _crowded,
        kind=st.sampled_from(["DELIVERY", "OVERHEAD", "UNKNOWN"]),
    ),
    CostEntry: st.builds(
        CostEntry,
        **_OFTEN,
        cost_entry_id=st.sampled_from(["y1", "y1", "y2"]),
        project_id=st.sampled_from([None, "p1"]),
        amount=st.integers(-1_000, 1_000),
        currency=st.sampled_from(["EUR", "USD"]),
        exponent=st.just(2),
        kind=st.sampled_from(["PASS_THROUGH", "CONTRACTOR", "DELIVERY", "OVERHEAD", "UNKNOWN"]),
        incurred_at=times | _crowded,
    ),
}

MEDIA: dict[type, Strategy] = {
    MediaPlanSet: st.builds(
        MediaPlanSet,
        **_OFTEN,
        plan_id=st.sampled_from(["l1", "l1", "l2"]),
        project_id=st.sampled_from([None, "p1"]),
        channel=st.sampled_from(["search", "social"]),
        starts_at=st.just(START),
        ends_at=st.integers(1, 40 * 24).map(lambda hours: START + hours * HOUR),
        amount=st.integers(0, 1_000),
        currency=st.sampled_from(["EUR", "USD"]),
        exponent=st.just(2),
        is_cancelled=st.booleans(),
    ),
    MediaSpendReported: st.builds(
        MediaSpendReported,
        **_OFTEN,
        spend_id=st.sampled_from(["z1", "z1", "z2"]),
        plan_id=st.sampled_from(["l1", "l2"]),
        amount=st.integers(-1_000, 1_000),
        currency=st.sampled_from(["EUR", "USD"]),
        exponent=st.just(2),
        spent_at=times | _crowded,
    ),
}
WORK = {**PROJECTS, **TASKS, **ENTRIES, **MEDIA}


def entry_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of entries of time and money."""
    return histories_of(st.one_of(*ENTRIES.values()), max_size)


def media_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of media plans and what was spent under them."""
    return histories_of(st.one_of(*MEDIA.values()), max_size)
