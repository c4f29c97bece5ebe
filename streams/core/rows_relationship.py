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
