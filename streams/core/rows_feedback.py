"""Rows of feedback items: their lives under the company's own account; who asked and was told under the customer's."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, EventId, Flags, IsTest, Label, Moment, Owner, Row, UInt32, doc, personal

HomeAccount = Annotated[str, doc("Account that the item's own events stand under: the company's own")]
ItemId = Annotated[str, doc("Feedback item, unique in the company")]
State = Annotated[
    Label, doc("new, triaged, planned, in_progress, shipped or declined; empty while nothing of it is told")
]


class FeedbackItemRow(Row, frozen=True, gc=False):
    """What customers ask for, and how far it got: one row per item."""

    TABLE: ClassVar[str] = "feedback_item"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "feedback_item"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("item_id",)
    account_id: HomeAccount
    item_id: ItemId
    title: Annotated[str, personal("What is asked for, in the company's words; empty when not told")]
    topic_id: Annotated[Label, doc("Topic of the taxonomy; empty when not told")]
    state: State
    state_since: Annotated[Moment | None, doc("Since when it is in that state, UTC")]
    opened_at: Annotated[Moment | None, doc("When it was opened, UTC; NULL while that is not told")]
    shipped_at: Annotated[Moment | None, doc("When it became shipped, UTC; NULL where that does not stand")]
    declined_at: Annotated[Moment | None, doc("When it was declined, UTC; NULL where that does not stand")]
    merged_into: Annotated[str, doc("Item that it was merged into; empty while it is one of its own")]
    merged_at: Annotated[Moment | None, doc("When it was merged, UTC")]
    times_back: Annotated[UInt32, doc("How often its state went backwards, as from shipped to planned")]
    flags: Flags
    event_id: EventId
    is_test: IsTest


class FeedbackItemStateRow(Row, frozen=True, gc=False):
    """How long an item was in which state: one row per stay."""

    TABLE: ClassVar[str] = "feedback_item_state"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "feedback_item"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("item_id",)
    account_id: HomeAccount
    item_id: ItemId
    ordinal: Annotated[UInt32, doc("Which stay of the item, from 1")]
    state: State
    from_at: Annotated[Moment, doc("Since when, UTC, inclusive")]
    until_at: Annotated[Moment | None, doc("Until when, UTC, exclusive; NULL while it lasts")]
    is_test: IsTest


class FeedbackLinkRow(Row, frozen=True, gc=False):
    """Who asked for which item, where and when: one row per request."""

    TABLE: ClassVar[str] = "feedback_link"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "feedback_link"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("link_id",)
    account_id: AccountId
    link_id: Annotated[str, doc("Request, as its source names it")]
    item_id: ItemId
    response_id: Annotated[str, doc("Response in which it was asked for; empty for none")]
    ticket_id: Annotated[str, doc("Ticket in which it was asked for; empty for none")]
    contact_id: Annotated[str, doc("Person at the customer who asked; empty when not told")]
    has_quote: Annotated[bool, doc("1 when the customer's own words are kept somewhere; they are not here")]
    asked_at: Annotated[Moment, doc("When the customer asked, UTC")]
    linked_at: Annotated[Moment, doc("When the request was put to the item, UTC")]
    event_id: EventId
    is_test: IsTest


class FeedbackNoticeRow(Row, frozen=True, gc=False):
    """Who was told how an item stands: one row per notice."""

    TABLE: ClassVar[str] = "feedback_notice"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "feedback_notice"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("notice_id",)
    account_id: AccountId
    notice_id: Annotated[str, doc("Notice, as its source names it")]
    item_id: ItemId
    state: Annotated[Label, doc("State that was told: new, triaged, planned, in_progress, shipped or declined")]
    contact_id: Annotated[str, doc("Person at the customer who was told; empty when not known")]
    channel: Annotated[Label, doc("Way it was told, as its source names it; empty when not told")]
    at: Annotated[Moment, doc("When it was told, UTC")]
    event_id: EventId
    is_test: IsTest
