"""The task: something to be done by a time. The first time that was agreed decides whether it was kept."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import TaskCompleted, TaskDueSet, TaskEvent
from streams.core.outputs import Outputs, Scope
from streams.core.rows_work import TaskRow
from streams.core.work.deadlines import kept


class Task(msgspec.Struct, array_like=True, gc=False):
    """A task as its events in fold order say together.

    `first_due_at` is the first time that was agreed, `due` the newest word on it. `moves` counts other times after the
    first; `moved_late` is true once a time was moved, or given up, after it had passed.
    """

    is_test: bool = False
    last: RecordedEvent | None = None
    due: TaskDueSet | None = None
    first_due_at: int | None = None
    moves: int = 0
    moved_late: bool = False
    completed: TaskCompleted | None = None


def apply(task: Task, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Take the next event in fold order; nothing of it is final."""
    event: TaskEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    task.last = recorded
    match event:
        case TaskDueSet():
            _agree(task, event)
        case TaskCompleted():
            task.completed = event
        case _:
            assert_never(event)


def _agree(task: Task, event: TaskDueSet) -> None:
    stood = None if task.due is None else task.due.due_at
    if task.first_due_at is None:
        task.first_due_at = event.due_at
    elif event.due_at != stood:
        task.moves += 1
        task.moved_late = task.moved_late or (stood is not None and event.occurred_at > stood)
    task.due = event


def project(task: Task, _scope: Scope, outputs: Outputs) -> None:
    """List the task, and its deadline unless it was given up in time."""
    if task.last is None:
        return
    outputs.rows.append(_row(task, task.last))
    if task.first_due_at is not None and not task.is_test and not _given_up_in_time(task):
        key, measure = kept("task", task.first_due_at, _completed_at(task))
        outputs.measures[key] = measure


def _completed_at(task: Task) -> int | None:
    return None if task.completed is None else task.completed.completed_at


def _given_up_in_time(task: Task) -> bool:
    """Return whether nobody has to do it any more, and that was said before the first time had passed."""
    due, first = task.due, task.first_due_at
    if task.completed is not None or due is None or due.due_at is not None:
        return False
    return first is None or due.occurred_at <= first


def _status(task: Task) -> str:
    if task.completed is not None:
        return "done"
    return "given_up" if task.due is not None and task.due.due_at is None else "open"


def _row(task: Task, last: RecordedEvent) -> TaskRow:
    event: Any = last.event
    due, completed = task.due, task.completed
    said = [each for each in (due, completed) if each is not None]
    return TaskRow(
        event.account_id,
        event.task_id,
        next((each.project_id for each in said if each.project_id is not None), ""),
        (due.assignee_id or "") if due else "",
        (completed.person_id or "") if completed else "",
        _status(task),
        task.first_due_at,
        due.due_at if due else None,
        _completed_at(task),
        task.moves,
        not _given_up_in_time(task),
        tuple(_flags(task)),
        task.is_test,
        event.source,
        event.event_id,
        last.ingested_at,
    )


def _flags(task: Task) -> Iterator[str]:
    completed = task.completed
    if completed is not None and task.first_due_at is None:
        yield "done_without_due_date"
    if completed is not None and task.due is not None and task.due.occurred_at > completed.completed_at:
        yield "due_date_set_after_done"
    if task.moved_late:
        yield "due_date_moved_after_it_passed"


TASK = Reducer(
    kind="task",
    prefix=PREFIXES["task"],
    events=TaskEvent,
    identify=attrgetter("task_id"),
    accumulator=Task,
    apply=apply,
    project=project,
)
