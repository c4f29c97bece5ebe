"""The row of a service level clock on a ticket."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, IsTest, Label, Moment, Owner, Row, UInt32, doc


class SlaInstanceRow(Row, frozen=True, gc=False):
    """Service level clocks of tickets: one row per ticket, metric and instance that a policy set a target for."""

    TABLE: ClassVar[str] = "sla_instance"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: Annotated[str, doc("Ticket that the clock runs for")]
    metric: Annotated[Label, doc("first_reply, next_reply, resolution, requester_wait or agent_work")]
    instance_no: Annotated[UInt32, doc("Which clock of the metric on this ticket, from 1")]
    state: Annotated[Label, doc("running, paused, fulfilled, breached (and remains so) or cancelled")]
    activated_at: Annotated[Moment, doc("When the clock began, UTC, even where the target was set later")]
    due_at: Annotated[Moment | None, doc("When the target is used up if the clock runs on, UTC; NULL while paused")]
    at_risk_at: Annotated[
        Moment | None,
        doc("When no more of the target is left than sla_at_risk_seconds, UTC; NULL while paused and once ended"),
    ]
    running_since: Annotated[Moment | None, doc("Since when it runs without a pause, UTC; NULL where it does not run")]
    paused_since: Annotated[Moment | None, doc("Since when it is paused, UTC; NULL where it is not")]
    fulfilled_at: Annotated[Moment | None, doc("When what it waits for came, in time or late, UTC; NULL before")]
    breached_at: Annotated[Moment | None, doc("When the target was used up, UTC; NULL where it was not")]
    cancelled_at: Annotated[Moment | None, doc("When nothing was waited for any more, UTC; NULL otherwise")]
    target_us: Annotated[int, doc("Time that the clock may run, microseconds")]
    is_business: Annotated[bool, doc("1 where only hours of the schedule count")]
    elapsed_us: Annotated[int, doc("Time counted up to its end, or up to running_since or paused_since, microseconds")]
    policy_id: Annotated[Label, doc("Policy that set the target; empty where its source names none")]
    policy_version: Annotated[Label, doc("Version of that policy; empty where the source applied the target")]
    schedule_id: Annotated[Label, doc("Schedule whose hours count; empty for calendar time")]
    priority: Annotated[Label, doc("Priority of the ticket when the target was set; empty when not told")]
    channel: Annotated[Label, doc("Channel that the ticket was opened through")]
    assignee_id: Annotated[str, doc("Agent who had the ticket when the clock ended, has it now while it has not")]
    is_test: IsTest
