"""The project: what was agreed on it, and the stages that it goes through in order of time."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import EventKey, RecordedEvent, SortKey, fold_order
from streams.core.billing.money import micros
from streams.core.changes import ONE
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import ProjectEnd, ProjectEvent, ProjectSet, ProjectStageChanged
from streams.core.outputs import Outputs, Scope
from streams.core.rows_work import ProjectRow, ProjectStageRow
from streams.core.work.deadlines import kept

DAY = 24 * 3_600_000_000
_STATUS: dict[ProjectEnd, str] = {"DELIVERED": "delivered", "CANCELLED": "cancelled", "UNKNOWN": "ended"}


class Stage(msgspec.Struct, array_like=True, gc=False):
    """The stage that lasts: its number from 1, since when, and by when it was and is to be over."""

    number: int
    name: str
    since: int
    first_due_at: int | None
    due_at: int | None
    ends: ProjectEnd | None
    event_id: str


class Project(msgspec.Struct, array_like=True, gc=False):
    """A project as agreed by the newest word in fold order, and the stage that lasts.

    `place` is where the newest word stands in fold order, `agreed` the first time that was agreed for the delivery with
    the place of that word. `known_since` is when the project was first told of, `begun_at` when its first stage began.
    """

    is_test: bool = False
    last: RecordedEvent | None = None
    told: ProjectSet | None = None
    place: EventKey | None = None
    agreed: tuple[EventKey, int] | None = None
    moved_late: bool = False
    known_since: int | None = None
    begun_at: int | None = None
    stage: Stage | None = None
    went_on: bool = False
    ingested_at: int = 0


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Return where an event is told: in order of time, for stages follow one another in time."""
    return recorded.event.occurred_at, *fold_order(recorded)


def apply(project: Project, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next event in order of time; it seals the stage that it ends."""
    event: ProjectEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    project.ingested_at = max(project.ingested_at, recorded.ingested_at)
    project.last = recorded
    match event:
        case ProjectSet():
            _agree(project, event, fold_order(recorded))
        case ProjectStageChanged():
            _go_on(project, event, sealed)
        case _:
            assert_never(event)


def _agree(project: Project, event: ProjectSet, place: EventKey) -> None:
    if project.known_since is None:
        project.known_since = event.occurred_at
    if event.due_at is not None and (project.agreed is None or place < project.agreed[0]):
        project.agreed = (place, event.due_at)
    if project.place is not None and place < project.place:
        return
    stood = None if project.told is None else project.told.due_at
    if stood is not None and event.due_at != stood and event.occurred_at > stood:
        project.moved_late = True
    project.told, project.place = event, place


def _go_on(project: Project, event: ProjectStageChanged, sealed: Outputs | None) -> None:
    """Begin a stage, or take another due date of the one that lasts."""
    stage = project.stage
    if stage is not None and (stage.name, stage.ends) == (event.stage, event.ends):
        if event.due_at is not None:
            stage.first_due_at = event.due_at if stage.first_due_at is None else stage.first_due_at
            stage.due_at, stage.event_id = event.due_at, event.event_id
        return
    if stage is None:
        project.begun_at = event.occurred_at
    else:
        project.went_on = project.went_on or stage.ends is not None
        if sealed is not None:
            _tell(project, event, stage, sealed, event)
    project.stage = Stage(
        1 if stage is None else stage.number + 1,
        event.stage,
        event.occurred_at,
        event.due_at,
        event.due_at,
        event.ends,
        event.event_id,
    )


def _tell(project: Project, of: Any, stage: Stage, outputs: Outputs, after: ProjectStageChanged | None) -> None:
    """List a stage, which `after` has ended, or which lasts; one that it was cancelled in counts nowhere."""
    until = None if after is None else after.occurred_at
    is_counted = stage.ends is None and (after is None or after.ends in (None, "DELIVERED"))
    outputs.rows.append(
        ProjectStageRow(
            of.account_id,
            of.project_id,
            stage.number,
            stage.name,
            stage.since,
            until,
            stage.first_due_at,
            stage.due_at,
            stage.ends or "",
            is_counted,
            project.is_test,
            stage.event_id,
        )
    )
    if not is_counted or project.is_test:
        return
    if stage.first_due_at is not None:
        key, measure = kept(f"stage/{stage.number}", stage.first_due_at, until)
        outputs.measures[key] = measure
    if until is not None:
        lasted = until - stage.since
        item = f"{stage.name}/{stage.number}"
        outputs.measures["stage_duration", item, until, ""] = (lasted, ONE, lasted / DAY)


def project_outputs(project: Project, _scope: Scope, outputs: Outputs) -> None:
    """List the project, the stage that lasts, and the deadline of the whole while it can be kept, or once it was."""
    if project.last is None:
        return
    row = _row(project, project.last)
    outputs.rows.append(row)
    if project.stage is not None:
        _tell(project, project.last.event, project.stage, outputs, None)
    if row.first_due_at is not None and row.status not in ("cancelled", "ended") and not project.is_test:
        key, measure = kept("project", row.first_due_at, row.ended_at)
        outputs.measures[key] = measure


def _status(project: Project) -> str:
    if project.told is None:
        return "incomplete"
    ends = None if project.stage is None else project.stage.ends
    return "open" if ends is None else _STATUS[ends]


def _row(project: Project, last: RecordedEvent) -> ProjectRow:
    event: Any = last.event
    told, stage = project.told, project.stage
    return ProjectRow(
        event.account_id,
        event.project_id,
        told.name if told else "",
        (told.owner_id or "") if told else "",
        _status(project),
        stage.name if stage else "",
        stage.since if stage else None,
        stage.number if stage else 0,
        project.agreed[1] if project.agreed else None,
        told.due_at if told else None,
        stage.since if stage and stage.ends is not None else None,
        told.quota if told else None,
        told.survey_ids if told else (),
        _budget(told),
        (told.currency or "") if told else "",
        tuple(_flags(project)),
        project.is_test,
        told.source if told else event.source,
        event.event_id,
        project.ingested_at,
    )


def _budget(told: ProjectSet | None) -> int | None:
    if told is None or told.budget is None or told.exponent is None:
        return None
    return micros(told.budget, told.exponent)


def _flags(project: Project) -> Iterator[str]:
    begun, known = project.begun_at, project.known_since
    if project.moved_late:
        yield "due_date_moved_after_it_passed"
    if begun is not None and known is not None and begun < known:
        yield "stage_before_project"
    if project.went_on:
        yield "went_on_after_its_end"


PROJECT = Reducer(
    kind="project",
    prefix=PREFIXES["project"],
    events=ProjectEvent,
    identify=attrgetter("project_id"),
    accumulator=Project,
    apply=apply,
    project=project_outputs,
    sort_key=sort_key,
)
