"""Rows of account identity: which account counts as which, and names of accounts in other systems."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, EventId, Flags, IsTest, Label, Moment, Owner, Row, UInt32, doc, personal


class AccountMergeRow(Row, frozen=True, gc=False):
    """Which account counted as which other one, and from when until when: one row per merge."""

    TABLE: ClassVar[str] = "account_merge"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "account_merge"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("account_id",)
    account_id: AccountId
    ordinal: Annotated[UInt32, doc("Which merge of the account, from 1")]
    survivor_id: Annotated[str, doc("Account that it counts as")]
    from_at: Annotated[Moment, doc("Since when, UTC, inclusive")]
    until_at: Annotated[Moment | None, doc("Until when, UTC, exclusive; NULL while it lasts")]
    event_id: EventId
    ended_event_id: Annotated[str, doc("Event that ended it; empty while it lasts")]
    flags: Flags
    is_test: IsTest


class AccountReferenceRow(Row, frozen=True, gc=False):
    """Names of accounts in other systems: one row per account and name."""

    TABLE: ClassVar[str] = "account_reference"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "account_reference"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("reference_id",)
    account_id: AccountId
    reference_id: Annotated[str, doc("Mark of system and name, whatever account has it")]
    system: Annotated[Label, doc("System that the name is of")]
    external_name: Annotated[str, personal("The account's name there")]
    linked_at: Annotated[Moment | None, doc("Since when it is the account's, UTC; NULL where only the end is told")]
    unlinked_at: Annotated[Moment | None, doc("Until when it was, UTC; NULL while it is")]
    event_id: EventId
    is_test: IsTest
