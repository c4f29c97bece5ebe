"""Rows of reference data and settings, joined as of an event; and of the records themselves, taken in or refused."""

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
    UInt32,
    ValidFrom,
    doc,
    personal,
)


class AccountHistoryRow(Row, frozen=True, gc=False):
    """What was known of an account, and from when: one row per change."""

    TABLE: ClassVar[str] = "account_history"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "reference"
    account_id: AccountId
    valid_from: ValidFrom
    event_id: EventId
    name: Annotated[str, doc("Name of the account")]
    segment: Annotated[Label, doc("Segment; empty when not told")]
    country: Annotated[Label, doc("Country, as the source writes it; empty when not told")]
    time_zone: Annotated[Label, doc("IANA time zone of the account; empty when not told")]
    currency: Annotated[Label, doc("ISO 4217 currency of the account; empty when not told")]
    lifecycle: Annotated[Label, doc("Lifecycle stage, as the source names it; empty when not told")]
    parent_id: Annotated[str, doc("Parent account; empty at the top")]
    external_refs: Annotated[
        tuple[tuple[str, str], ...],
        personal("The account's names in other systems: pairs of system and id"),
    ]
    is_test: IsTest
    ingested_at: Ingested


class ContactHistoryRow(Row, frozen=True, gc=False):
    """What was known of a contact, and from when: one row per change."""

    TABLE: ClassVar[str] = "contact_history"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "reference"
    account_id: AccountId
    contact_id: Annotated[str, doc("Contact (person at the account), by pseudonym")]
    valid_from: ValidFrom
    event_id: EventId
    role: Annotated[Label, doc("Role at the account, as the source names it; empty when not told")]
    is_champion: Annotated[bool, doc("1 when the contact is known as a champion")]
    is_test: IsTest


class ManagerAssignmentRow(Row, frozen=True, gc=False):
    """Who looked after an account, in which role, and when: one row per assignment."""

    TABLE: ClassVar[str] = "manager_assignment"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "reference"
    account_id: AccountId
    role: Annotated[Label, doc("OWNER, TRAINEE, MENTOR, CSM or UNKNOWN")]
    valid_from: ValidFrom
    event_id: EventId
    manager_id: Annotated[str, doc("Manager assigned")]
    pod_id: Annotated[Label, doc("Pod (team) of the manager; empty when not told")]
    lead_id: Annotated[Label, doc("Lead of the pod; empty when not told")]
    valid_to: Annotated[Moment | None, doc("Until when it holds, UTC, exclusive; NULL until replaced")]
    is_test: IsTest
    share_bp: Annotated[
        Int32 | None, doc("Share of the account's money, in hundredths of a percent; NULL goes by role")
    ]


class FxRateRow(Row, frozen=True, gc=False):
    """Exchange rates and from when each is in force."""

    TABLE: ClassVar[str] = "fx_rate"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "setting"
    base: Annotated[Label, doc("ISO 4217 currency that is converted")]
    quote: Annotated[Label, doc("ISO 4217 currency that it is converted into")]
    valid_from: ValidFrom
    rate_micros: Annotated[int, doc("Units of quote for one unit of base, in millionths")]
    event_id: EventId


class TaxonomyTopicRow(Row, frozen=True, gc=False):
    """Topic lists: one row per topic of each version."""

    TABLE: ClassVar[str] = "taxonomy_topic"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "setting"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("taxonomy_version",)
    taxonomy_version: Annotated[Label, doc("Version of the topic list")]
    topic_id: Annotated[str, doc("Topic within the list")]
    label: Annotated[str, doc("Name of the topic for people")]
    parent_id: Annotated[str, doc("Topic above it; empty at the top")]
    valid_from: ValidFrom


class PolicyRow(Row, frozen=True, gc=False):
    """Policy settings and from when each is in force."""

    TABLE: ClassVar[str] = "policy"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "setting"
    policy: Annotated[Label, doc("Name of the policy, such as followup_target_seconds or low_sample_n")]
    valid_from: ValidFrom
    value: Annotated[str, doc("Value in the policy's own notation")]
    policy_version: Annotated[Label, doc("Version that is recorded with what the policy shaped")]
    event_id: EventId


class PlanRow(Row, frozen=True, gc=False):
    """Plans as they are sold, and from when each is in force."""

    TABLE: ClassVar[str] = "plan"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "setting"
    plan_id: Annotated[str, doc("Plan that subscription items name")]
    valid_from: ValidFrom
    name: Annotated[str, doc("Name of the plan for people")]
    product_line: Annotated[Label, doc("Product line that the plan belongs to; empty when not told")]
    event_id: EventId


class EventRow(Row, frozen=True, gc=False):
    """Where each event that was taken in stands in Kafka: one row per event, duplicates and dead letters left out."""

    TABLE: ClassVar[str] = "event"
    KEY: ClassVar[int] = 5
    ENTITY: ClassVar[Owner] = "none"
    LOOKUPS: ClassVar[tuple[tuple[str, str], ...]] = (("by_type", "event_type"),)
    account_id: AccountId
    entity: Annotated[str, doc("What the event belongs to, kind:id, such as response:R1")]
    topic: Annotated[Label, doc("Topic that the event stands in")]
    partition: Annotated[Int32, doc("Partition that the event stands in")]
    offset: Annotated[int, doc("Offset of the event in its partition")]
    event_id: Annotated[str, doc("Id that its source gave the event")]
    event_type: Annotated[Label, doc("Type of the event, such as response_submitted")]
    source: Annotated[Label, doc("System and instance that sent the event, such as zendesk:main")]
    occurred_at: Annotated[Moment, doc("When it happened, UTC")]
    ingested_at: Annotated[Moment, doc("When Kafka stored the event, UTC (record time)")]
    corrects_event_id: Annotated[str, doc("Earlier event that it replaces or retracts; empty when none")]
    is_test: Annotated[bool, doc("1 when the event was marked as test data")]


class DeadLetterRow(Row, frozen=True, gc=False):
    """Records that could not be taken in, and why: one row each; the bytes are in the dead-letter topic."""

    TABLE: ClassVar[str] = "dead_letter"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "none"
    topic: Annotated[Label, doc("Topic that the record was read from")]
    partition: Annotated[Int32, doc("Partition that the record was read from")]
    offset: Annotated[int, doc("Offset of the record in its partition")]
    account_key: Annotated[str, doc("Kafka key of the record as text, undecodable bytes replaced")]
    reason: Annotated[Label, doc("Reason code of the refusal")]
    detail: Annotated[str, doc("What exactly was wrong")]
    ingested_at: Ingested
    size_bytes: Annotated[UInt32, doc("Length of the record's value in bytes")]
    source: Annotated[str, doc("System and instance that sent the event; empty where its bytes do not say it")]
    event_type: Annotated[Label, doc("Type of the event; empty where its schema is not known")]
    event_id: Annotated[str, doc("Id that its source gave the event; empty where its bytes do not say it")]


class FailedDeadlineRow(Row, frozen=True, gc=False):
    """Deadlines that the code failed on: one row for each entity or ledger that waits for a release that mends it."""

    TABLE: ClassVar[str] = "failed_deadline"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "none"
    topic: Annotated[Label, doc("Topic of the events behind it")]
    account_id: AccountId
    subject: Annotated[str, doc("What the deadline is of, kind:id, such as ticket:T1; ledgers of the account too")]
    partition: Annotated[Int32, doc("Partition that the account's events stand in")]
    due_at: Annotated[Moment, doc("When it fell due, UTC; what time brings about from then on is in no table")]
    detail: Annotated[str, doc("Kind of the error, and the function that failed")]


class AccountAsideRow(Row, frozen=True, gc=False):
    """Accounts whose stage the code failed on: their health stands still until a release mends it; all else goes on."""

    TABLE: ClassVar[str] = "account_aside"
    KEY: ClassVar[int] = 1
    ENTITY: ClassVar[Owner] = "none"
    account_id: AccountId
    partition: Annotated[Int32, doc("Partition that the account's events stand in")]
    detail: Annotated[str, doc("Kind of the error, and the function that failed")]
