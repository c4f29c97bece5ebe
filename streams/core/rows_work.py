"""Rows of work for accounts: projects, their stages, tasks, and what of time and money was spent on it."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    Currency,
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
    ValidFrom,
    doc,
    pay,
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


class TimeEntryRow(Row, frozen=True, gc=False):
    """Time that was spent for accounts: one row per entry of a timesheet."""

    TABLE: ClassVar[str] = "time_entry"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "time_entry"
    account_id: AccountId
    time_entry_id: Annotated[str, doc("Entry of the timesheet")]
    project_id: ProjectId
    person_id: Annotated[str, pay("Our person who worked")]
    role: Annotated[Label, pay("Role that the person worked in; empty when not told")]
    minutes: Annotated[UInt32, doc("How long, in minutes")]
    worked_at: Annotated[Moment, doc("When the work began, UTC; the rate card is read as of then")]
    kind: Annotated[Label, doc("DELIVERY, OVERHEAD or UNKNOWN")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class CostEntryRow(Row, frozen=True, gc=False):
    """Money that was spent for accounts: one row per entry of the books."""

    TABLE: ClassVar[str] = "cost_entry"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "cost_entry"
    account_id: AccountId
    cost_entry_id: Annotated[str, doc("Entry of the books")]
    project_id: ProjectId
    kind: Annotated[Label, doc("PASS_THROUGH, CONTRACTOR, DELIVERY, OVERHEAD or UNKNOWN; it decides")]
    currency: Currency
    amount_micros: Annotated[int, doc("What it cost, in millionths; below zero for what was given back")]
    incurred_at: Annotated[Moment, doc("When it was incurred, UTC")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class RateCardRow(Row, frozen=True, gc=False):
    """What an hour of a person or a role costs, and from when on: one row per subject and moment."""

    TABLE: ClassVar[str] = "rate_card"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "setting"
    subject: Annotated[Label, doc("person or role")]
    subject_id: Annotated[str, doc("Person, or role")]
    valid_from: ValidFrom
    valid_to: Annotated[Moment | None, doc("Until when it holds, UTC, exclusive; NULL until the next one")]
    rate_micros: Annotated[int, pay("What an hour costs, in millionths of the currency")]
    currency: Annotated[Label, pay("ISO 4217 currency of the rate")]
    weekly_minutes: Annotated[UInt32 | None, doc("Capacity in a week, in minutes; NULL where it is not known")]
    event_id: EventId


class MediaPlanRow(Row, frozen=True, gc=False):
    """Lines of media plans by the newest word on each: one row per line."""

    TABLE: ClassVar[str] = "media_plan"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "media_plan"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("plan_id",)
    account_id: AccountId
    plan_id: Annotated[str, doc("Line of a media plan")]
    project_id: ProjectId
    channel: Annotated[Label, doc("Channel that it is spent on")]
    starts_at: Annotated[Moment, doc("When it begins to be spent, UTC")]
    ends_at: Annotated[Moment, doc("When it is spent, UTC, exclusive")]
    currency: Currency
    amount_micros: Annotated[int, doc("What is to be spent, in millionths")]
    is_cancelled: Annotated[bool, doc("1 where nothing is to be spent on it any more")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class MediaSpendRow(Row, frozen=True, gc=False):
    """What was spent on media: one row per report of a medium."""

    TABLE: ClassVar[str] = "media_spend"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "media_spend"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("spend_id",)
    account_id: AccountId
    spend_id: Annotated[str, doc("Report of the medium")]
    plan_id: Annotated[str, doc("Line of the media plan")]
    currency: Currency
    amount_micros: Annotated[int, doc("What the media cost, in millionths; below zero for what was given back")]
    spent_at: Annotated[Moment, doc("When it was spent, UTC")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested
