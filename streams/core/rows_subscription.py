"""Rows of subscriptions: how they stand, how they stood, what they bring and how that moved."""

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
    SubscriptionId,
    UInt32,
    ValidFrom,
    doc,
)

Policy = Annotated[Label, doc("MRR policy that the row follows: cxledger, stripe, chartmogul or profitwell")]
PolicyVersion = Annotated[Label, doc("Version of that policy, default where none was set")]
PlanId = Annotated[str, doc("Plan that the item is charged by")]
ProductLine = Annotated[Label, doc("Product line of the plan; empty when not told")]
Until = Annotated[Moment | None, doc("Until when it holds, UTC, exclusive; NULL while nothing else is known")]


class SubscriptionRow(Row, frozen=True, gc=False):
    """Subscriptions and what is known of their course: one row each. How one stands now: see subscription_now."""

    TABLE: ClassVar[str] = "subscription"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "subscription"
    account_id: AccountId
    subscription_id: SubscriptionId
    started_at: Annotated[Moment | None, doc("From when it first held, UTC; NULL while only parts of it are known")]
    trial_started_at: Annotated[Moment | None, doc("When its first trial began, UTC; NULL without a trial")]
    trial_ended_at: Annotated[Moment | None, doc("When that trial ended or is to end, UTC; NULL without an end")]
    converted_at: Annotated[
        Moment | None, doc("When it first had revenue after that trial, UTC; NULL while it has none")
    ]
    cancel_requested_at: Annotated[Moment | None, doc("When its end was asked for, UTC; NULL when it was not")]
    ends_at: Annotated[Moment | None, doc("When it ended or is to end, UTC; NULL while no end is known")]
    end_reason: Annotated[Label, doc("VOLUNTARY, PAYMENT_FAILURE, FRAUD, TAX, OTHER, UNKNOWN; empty without an end")]
    term_ends_at: Annotated[Moment | None, doc("End of the agreed term, UTC; NULL where there is none")]
    collection_method: Annotated[Label, doc("CHARGE_AUTOMATICALLY, SEND_INVOICE or UNKNOWN")]
    currency: Currency
    corrections: Annotated[UInt32, doc("Events among those that stand which replace earlier ones")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the newest applied event happened, UTC")]
    ingested_at: Ingested


class SubscriptionHistoryRow(Row, frozen=True, gc=False):
    """How a subscription stood over time: one row per change of anything about it, changes that are to come too."""

    TABLE: ClassVar[str] = "subscription_history"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "subscription"
    account_id: AccountId
    subscription_id: SubscriptionId
    valid_from: ValidFrom
    valid_to: Until
    status: Annotated[Label, doc("TRIALING, ACTIVE, PAST_DUE, UNPAID, PAUSED, ENDED or UNKNOWN")]
    plan_ids: Annotated[tuple[str, ...], doc("Plans of its items, in alphabetical order")]
    quantity: Annotated[int, doc("Units over all items")]
    currency: Currency
    contract_micros: Annotated[
        int, doc("Recurring amount per month before discounts, in millionths, whatever the status")
    ]
    period_start: Annotated[Moment | None, doc("Start of the service period, UTC; NULL when not told")]
    period_end: Annotated[Moment | None, doc("End of the service period, UTC, exclusive; NULL when not told")]
    trial_ends_at: Annotated[Moment | None, doc("End of the trial, UTC; NULL where there is none")]
    pause_ends_at: Annotated[Moment | None, doc("When a pause ends by itself, UTC; NULL where that is not agreed")]
    cancel_at: Annotated[Moment | None, doc("When it is to end, UTC; NULL while no end is scheduled")]
    service_ends_at: Annotated[
        Moment | None, doc("Until when an ended one was paid for, UTC; NULL before it has ended")
    ]
    reason: Annotated[Label, doc("Why it ended or is to end; empty otherwise")]
    change_kind: Annotated[Label, doc("What the event changed: its type, or its own word such as PLAN or RENEWAL")]
    is_test: IsTest
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When that event happened, UTC")]
    ingested_at: Ingested


class MrrItemRow(Row, frozen=True, gc=False):
    """Monthly recurring revenue by item and policy: one row per span of time in which nothing about it changed."""

    TABLE: ClassVar[str] = "mrr_item"
    KEY: ClassVar[int] = 5
    ENTITY: ClassVar[Owner] = "subscription"
    account_id: AccountId
    policy: Policy
    subscription_id: SubscriptionId
    item_id: Annotated[str, doc("Item within the subscription")]
    valid_from: ValidFrom
    valid_to: Until
    plan_id: PlanId
    product_line: ProductLine
    currency: Currency
    mrr_micros: Annotated[
        int, doc("Recurring revenue per month as the policy counts it, in millionths of the currency")
    ]
    contract_micros: Annotated[int, doc("The same before any discount")]
    quantity: Annotated[int, doc("Units charged for")]
    rate_at: Annotated[Moment, doc("When the exchange rate is taken, UTC")]
    policy_version: PolicyVersion
    event_id: EventId
    is_test: IsTest
    ingested_at: Ingested


class MrrMovementRow(Row, frozen=True, gc=False):
    """Movements of monthly recurring revenue: per account, with the subscription and plan that each belongs to."""

    TABLE: ClassVar[str] = "mrr_movement"
    KEY: ClassVar[int] = 7
    ENTITY: ClassVar[Owner] = "subscription"
    account_id: AccountId
    policy: Policy
    at: Annotated[Moment, doc("When it takes effect, UTC; a movement that is to come lies in the future")]
    subscription_id: SubscriptionId
    currency: Currency
    plan_id: PlanId
    product_line: ProductLine
    kind: Annotated[
        Label, doc("new, expansion, contraction, churn, reactivation, pause, resume, fx; transfer where all nets to 0")
    ]
    line: Annotated[Label, doc("Of an expansion: upsell on a product line that was paid for, cross_sell on a new one")]
    crosses_rates: Annotated[
        bool,
        doc("1 where currencies or exchange rates net at that moment: mrr_flow does so in the reporting currency"),
    ]
    amount_micros: Annotated[int, doc("Change per month, in millionths of the currency; 0 where only the rate changed")]
    fx_base_micros: Annotated[int, doc("Amount before it, which the change of exchange rate applies to, in millionths")]
    rate_at: Annotated[Moment, doc("When the exchange rate after it is taken, UTC")]
    rate_at_before: Annotated[Moment, doc("When the exchange rate before it is taken, UTC")]
    reason: Annotated[
        Label, doc("Why revenue ended: VOLUNTARY, PAYMENT_FAILURE, FRAUD, TAX, OTHER or UNKNOWN; else empty")
    ]
    is_correction: Annotated[bool, doc("1 when its event corrects an earlier one")]
    policy_version: PolicyVersion
    event_id: EventId
    is_test: IsTest
    ingested_at: Ingested
