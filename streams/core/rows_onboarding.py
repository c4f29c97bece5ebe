"""Rows of onboardings and their milestones."""

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

OnboardingId = Annotated[str, doc("Onboarding; an account may have several")]


class OnboardingRow(Row, frozen=True, gc=False):
    """Onboardings as they stand: one row each."""

    TABLE: ClassVar[str] = "onboarding"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "onboarding"
    account_id: AccountId
    onboarding_id: OnboardingId
    state: Annotated[
        Label,
        doc(
            "running, stalled (a planned date has passed without its milestone), paused, completed (all milestones of"
            " the plan), or incomplete while no plan is known"
        ),
    ]
    starts_at: Annotated[Moment | None, doc("When the clock of its time to value started, UTC; NULL without a plan")]
    start_kind: Annotated[Label, doc("contract, first_transaction, kickoff or unknown; empty without a plan")]
    contract_id: Annotated[str, doc("Contract that it belongs to; empty when none is named")]
    product: Annotated[Label, doc("Product that is introduced; empty when not told")]
    first_value_at: Annotated[
        Moment | None, doc("When the customer first had value of the product, UTC; NULL before that")
    ]
    first_value_us: Annotated[
        int | None, doc("Time on the clock until then, pauses left out, microseconds; 0 for value before the start")
    ]
    completed_at: Annotated[Moment | None, doc("When the last milestone of the plan was reached, UTC; else NULL")]
    stalled_at: Annotated[
        Moment | None, doc("Earliest date that has passed without its milestone, UTC; NULL where none has")
    ]
    marker_at: Annotated[
        Moment | None, doc("When 90 days on the clock end, UTC; NULL without a plan, and while it rests before that")
    ]
    within_90_days: Annotated[Label, doc("Whether first value came by then: met, missed or open; empty without a plan")]
    milestones: Annotated[UInt32, doc("Milestones of the plan")]
    reached: Annotated[UInt32, doc("Of these, reached")]
    late: Annotated[UInt32, doc("Milestones reached after their date")]
    paused_us: Annotated[int, doc("Time of the pauses that have ended, microseconds")]
    paused_since: Annotated[Moment | None, doc("Since when it rests, UTC; NULL while it does not")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the event that comes last in its order happened, UTC")]
    ingested_at: Ingested
    plan_told_at: Annotated[Moment | None, doc("When the newest plan was told, UTC; NULL without a plan")]


class OnboardingMilestoneRow(Row, frozen=True, gc=False):
    """Milestones of onboardings, planned ones and reached ones: one row each."""

    TABLE: ClassVar[str] = "onboarding_milestone"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "onboarding"
    account_id: AccountId
    onboarding_id: OnboardingId
    milestone_code: Annotated[str, doc("Milestone within the onboarding")]
    state: Annotated[Label, doc("planned, stalled (its date has passed), reached, or late (reached after its date)")]
    is_planned: Annotated[bool, doc("1 when the newest plan names it")]
    is_first_value: Annotated[bool, doc("1 when the customer has the first value of the product with it")]
    first_planned_at: Annotated[
        Moment | None, doc("Its date by the first plan that gave it one, UTC; NULL where none ever did")
    ]
    planned_at: Annotated[Moment | None, doc("Its date by the newest plan, UTC; NULL where that gives none")]
    due_at: Annotated[Moment | None, doc("That date with pauses added that began before it, UTC; NULL without one")]
    reached_at: Annotated[Moment | None, doc("When it was reached, UTC; NULL before that")]
    spent_us: Annotated[
        int | None,
        doc("Time on the clock until then without pauses, microseconds; NULL before that or without a plan"),
    ]
    is_test: IsTest
    event_id: EventId
    ingested_at: Ingested
