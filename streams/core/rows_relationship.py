"""Rows of how the relationship with an account is: what managers say of it, and what is used."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    EventId,
    Ingested,
    Int32,
    IsTest,
    Label,
    Moment,
    Owner,
    Row,
    Source,
    doc,
    personal,
)


class ManagerSentimentRow(Row, frozen=True, gc=False):
    """How managers judged the relationship with an account: one row per judgement."""

    TABLE: ClassVar[str] = "manager_sentiment"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "manager_sentiment"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("sentiment_id",)
    account_id: AccountId
    sentiment_id: Annotated[str, doc("Judgement, as its source names it")]
    manager_id: Annotated[str, doc("Our person whose judgement it is")]
    sentiment: Annotated[Int32, doc("-2 (very bad), -1, 0 (neither), 1 or 2 (very good)")]
    has_note: Annotated[bool, doc("1 when words about it are kept at the source; they are not here")]
    set_at: Annotated[Moment, doc("When the manager judged, UTC")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class UsageReportRow(Row, frozen=True, gc=False):
    """Where meters of accounts stood: one row per meter and moment."""

    TABLE: ClassVar[str] = "usage_report"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "usage_report"
    account_id: AccountId
    meter: Annotated[Label, doc("What is measured, as its source names it")]
    measured_at: Annotated[
        Moment, doc("When the meter stood there, UTC; of an amount of an hour or a day the end of it")
    ]
    value: Annotated[float, doc("Level at that moment, in the meter's own unit")]
    most: Annotated[float | None, doc("Most that the account may use, in the same unit; NULL without a limit")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class HealthOverrideRow(Row, frozen=True, gc=False):
    """What persons say of an account's health beside the computed score: one row per judgement."""

    TABLE: ClassVar[str] = "health_override"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "health_override"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("override_id",)
    account_id: AccountId
    override_id: Annotated[str, doc("Judgement, as its source names it")]
    model_id: Annotated[Label, doc("Model whose score it stands beside; empty for all")]
    score: Annotated[float | None, doc("Score from 0 to 100 that the person gives; NULL where it is a band or nothing")]
    band: Annotated[Label, doc("Band that the person gives; empty where it is a score or nothing, which lifts others")]
    reason: Annotated[str, personal("Why, in words")]
    set_by: Annotated[str, doc("Our person who says so")]
    set_at: Annotated[Moment, doc("From when it holds, UTC")]
    expires_at: Annotated[Moment | None, doc("Until when it holds, UTC, exclusive; NULL where it lifts others")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested
