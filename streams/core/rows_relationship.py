"""Rows of what managers say of the relationship with an account."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    EventId,
    Ingested,
    Int32,
    IsTest,
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
