"""Rows of work for accounts: projects, their stages, and tasks."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    EventId,
    Flags,
    Ingested,
    IsTest,
    Label,
    Moment,
    Owner,
    Row,
    Source,
    UInt32,
    doc,
)

ProjectId = Annotated[str, doc("Project; empty where it belongs to none")]


class ProjectRow(Row, frozen=True, gc=False):
    """Projects as they stand by the newest word on each: one row per project."""

    TABLE: ClassVar[str] = "project"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "project"
    account_id: AccountId
    project_id: Annotated[str, doc("Project")]
    name: Annotated[str, doc("Name for people; empty while nobody has told what the project is")]
    owner_id: Annotated[str, doc("Our person who answers for it; empty when not told")]
    status: Annotated[
        Label,
        doc("open, delivered, cancelled, ended (nobody knows how), or incomplete while only its stages are known"),
    ]
    stage: Annotated[Label, doc("Stage that it is in, or that ended it; empty before the first")]
    stage_since: Annotated[Moment | None, doc("Since when it is in that stage, UTC; NULL before the first")]
    stages: Annotated[UInt32, doc("Stages that it has been in, one that came again counted again")]
    first_due_at: Annotated[Moment | None, doc("First time that was agreed for its delivery, UTC; NULL without any")]
    due_at: Annotated[Moment | None, doc("When it is to be delivered by the newest word, UTC; NULL without any")]
    ended_at: Annotated[Moment | None, doc("When it was over, UTC; NULL while it lasts")]
    quota: Annotated[int | None, doc("Completes that fieldwork has to bring in; NULL without fieldwork")]
    survey_ids: Annotated[tuple[str, ...], doc("Surveys whose finished responses are its completes")]
    budget_micros: Annotated[int | None, doc("What the customer agreed to pay for it, without tax, in millionths")]
    currency: Annotated[Label, doc("ISO 4217 currency of the budget; empty without one")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class ProjectStageRow(Row, frozen=True, gc=False):
    """Stages of projects in order of time, and how long each lasted: one row per stage."""

    TABLE: ClassVar[str] = "project_stage"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "project"
    account_id: AccountId
    project_id: Annotated[str, doc("Project")]
    stage_no: Annotated[UInt32, doc("Number of the stage within the project, from 1, in order of time")]
    stage: Annotated[Label, doc("Stage, as the source names it")]
    from_at: Annotated[Moment, doc("When the project came into it, UTC")]
    until_at: Annotated[Moment | None, doc("When the next stage began, UTC, exclusive; NULL while it lasts")]
    first_due_at: Annotated[Moment | None, doc("First time by which it was to be over, UTC; NULL without any")]
    due_at: Annotated[Moment | None, doc("By when it is to be over by the newest word, UTC; NULL without any")]
    ends: Annotated[Label, doc("DELIVERED, CANCELLED or UNKNOWN where the project was over with it; else empty")]
    is_counted: Annotated[bool, doc("0 where the project was over with it or cancelled in it: no figure counts it")]
    is_test: IsTest
    event_id: EventId


class TaskRow(Row, frozen=True, gc=False):
    """Tasks as they stand by the newest word on each: one row per task."""

    TABLE: ClassVar[str] = "task"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "task"
    account_id: AccountId
    task_id: Annotated[str, doc("Task")]
    project_id: ProjectId
    assignee_id: Annotated[str, doc("Our person who is to do it; empty when not told")]
    person_id: Annotated[str, doc("Our person who did it; empty when not told, or while it is not done")]
    status: Annotated[Label, doc("open, done, or given_up where nobody has to do it any more")]
    first_due_at: Annotated[Moment | None, doc("First time that was agreed for it, UTC; NULL without any")]
    due_at: Annotated[Moment | None, doc("When it is to be done by the newest word, UTC; NULL without any")]
    completed_at: Annotated[Moment | None, doc("When it was done, UTC; NULL before that")]
    due_moves: Annotated[UInt32, doc("How many times another time was agreed after the first, or it was given up")]
    is_counted: Annotated[bool, doc("0 where it was given up before its first time had passed: no rate counts it")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested
