"""Hypothesis strategies: short histories of projects, their stages and tasks of one account.

Few names and hours, so that stages come again, due dates are moved before and after they pass, and things are done
before anybody has said by when.
"""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import ProjectSet, ProjectStageChanged, TaskCompleted, TaskDueSet
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
WORK = {**PROJECTS, **TASKS}
_STAGES = st.one_of(PROJECTS[ProjectSet], *[PROJECTS[ProjectStageChanged]] * 3)


def project_histories(max_size: int = 9) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of projects, more of their stages than of what they are."""
    return histories_of(_STAGES, max_size)


def task_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of tasks."""
    return histories_of(st.one_of(*TASKS.values()), max_size)
