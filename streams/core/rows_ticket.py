"""Rows that tickets and touches leave behind: one struct per table. Durations are microseconds."""

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
    UInt16,
    UInt32,
    doc,
    personal,
)

TicketId = Annotated[str, doc("Ticket within the account")]
TicketChannel = Annotated[Label, doc("Channel as its source names it (zendesk_web, email, discord, phone, ...)")]
AssigneeId = Annotated[str, doc("Agent who had the ticket; empty for nobody")]
AgentId = Annotated[str, doc("Agent who replied; empty while nobody did or when not told")]
Priority = Annotated[Label, doc("Priority in the source's words; empty for none")]
CustomStatus = Annotated[Label, doc("The source's own name of the status; empty when not told")]
ScheduleId = Annotated[Label, doc("Schedule of business hours that the ticket is measured by")]
Tier = Annotated[Label, doc("Support tier as the source names it; empty when not told")]


class TicketRow(Row, frozen=True, gc=False):
    """Tickets as they stand after every event and correction: one row per ticket."""

    TABLE: ClassVar[str] = "ticket"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    channel: TicketChannel
    requester_id: Annotated[str, doc("Contact who asked; empty when not told")]
    created_by_agent: Annotated[bool, doc("1 when an agent opened it on the requester's behalf")]
    follows_ticket_id: Annotated[str, doc("Closed ticket that this one follows up on; empty for none")]
    group_id: Annotated[Label, doc("Group or queue that has it; empty for none")]
    schedule_id: ScheduleId
    topic: Annotated[Label, doc("Topic of the taxonomy that it is about; empty while none is set")]
    priority: Priority
    status: Annotated[
        Label,
        doc("new, open, pending, hold, solved, closed; deleted, merged or spam; incomplete without a start"),
    ]
    custom_status: CustomStatus
    assignee_id: AssigneeId
    opened_at: Annotated[Moment | None, doc("When it began, UTC; NULL while incomplete")]
    first_assigned_at: Annotated[Moment | None, doc("When an agent first had it, UTC; NULL before that")]
    first_reply_at: Annotated[
        Moment | None,
        doc("First public reply of a human agent, the second where an agent's opened it, UTC; NULL before that"),
    ]
    first_reply_us: Annotated[int | None, doc("From its start to the first reply, calendar microseconds")]
    first_reply_business_us: Annotated[
        int | None, doc("The same in business time, microseconds; NULL while no schedule is known")
    ]
    first_solved_at: Annotated[
        Moment | None, doc("When it was first solved, or closed without that, UTC; NULL before that")
    ]
    first_solved_us: Annotated[int | None, doc("From its start to the first solve, calendar microseconds")]
    first_solved_business_us: Annotated[
        int | None, doc("The same in business time, microseconds; NULL while no schedule is known")
    ]
    last_solved_at: Annotated[Moment | None, doc("When it was last solved, UTC; NULL while it is not solved or closed")]
    last_solved_us: Annotated[int | None, doc("From its start to the last solve, calendar microseconds")]
    last_solved_business_us: Annotated[
        int | None, doc("The same in business time, microseconds; NULL while no schedule is known")
    ]
    closed_at: Annotated[Moment | None, doc("When it was closed for good, UTC; NULL while it is not")]
    removed_at: Annotated[Moment | None, doc("When it was deleted, merged or marked as spam, UTC; NULL if not")]
    merged_into: Annotated[str, doc("Ticket that took it in; empty unless merged")]
    status_since: Annotated[Moment | None, doc("Since when it has its status, UTC; NULL while incomplete")]
    requester_wait_us: Annotated[int, doc("Time in new, open and hold up to status_since, calendar microseconds")]
    requester_wait_business_us: Annotated[int | None, doc("The same in business time, microseconds")]
    agent_wait_us: Annotated[int, doc("Time in pending up to status_since, calendar microseconds")]
    agent_wait_business_us: Annotated[int | None, doc("The same in business time, microseconds")]
    on_hold_us: Annotated[int, doc("Time in hold up to status_since, calendar microseconds")]
    on_hold_business_us: Annotated[int | None, doc("The same in business time, microseconds")]
    agent_work_us: Annotated[int, doc("Time in new and open up to status_since, calendar microseconds")]
    agent_work_business_us: Annotated[int | None, doc("The same in business time, microseconds")]
    public_replies: Annotated[UInt32, doc("Public replies of human agents; those of one session count once")]
    requester_messages: Annotated[UInt32, doc("Public messages of the requester")]
    messages: Annotated[UInt32, doc("Messages of any author that are in the figures")]
    agents: Annotated[UInt32, doc("Distinct human agents who wrote a message, public or not")]
    solves: Annotated[UInt32, doc("Times it was solved")]
    reopens: Annotated[UInt32, doc("Times it was opened again after that")]
    escalations: Annotated[UInt32, doc("Times it was escalated")]
    tier: Tier
    csat_offered_at: Annotated[Moment | None, doc("When a rating was first asked for, UTC; NULL if never")]
    csat_rated_at: Annotated[Moment | None, doc("When the rating that stands was given, UTC; NULL without one")]
    csat_score: Annotated[float | None, doc("Rating that stands, on its own scale; NULL without one")]
    csat_scale_min: Annotated[float | None, doc("Lowest rating of its scale")]
    csat_scale_max: Annotated[float | None, doc("Highest rating of its scale")]
    csat_positive_from: Annotated[float | None, doc("Lowest rating that counts as satisfied")]
    csat_assignee_id: Annotated[str, doc("Agent who is rated; empty without a rating or for nobody")]
    csat_has_comment: Annotated[bool, doc("1 when words came with the rating")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the newest applied event happened, UTC")]
    ingested_at: Ingested


class TicketSpanRow(Row, frozen=True, gc=False):
    """Life of tickets in spans without change, from start to removal: one row per ticket and start of a span."""

    TABLE: ClassVar[str] = "ticket_span"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    from_at: Annotated[Moment, doc("Start of the span, UTC, inclusive")]
    until_at: Annotated[Moment | None, doc("End of the span, UTC, exclusive; NULL while it lasts")]
    status: Annotated[Label, doc("new, open, pending, hold, solved, closed, deleted, merged or spam")]
    custom_status: CustomStatus
    assignee_id: AssigneeId
    priority: Priority
    is_backlog: Annotated[bool, doc("1 while the ticket is neither solved, closed nor removed")]
    opened_at: Annotated[Moment, doc("When the ticket began, UTC")]
    is_test: IsTest


class TicketMessageRow(Row, frozen=True, gc=False):
    """Messages in tickets, without their text: one row per message."""

    TABLE: ClassVar[str] = "ticket_message"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    message_id: Annotated[str, doc("Message within the ticket")]
    author_type: Annotated[Label, doc("requester, agent (human), bot, system or unknown")]
    author_id: Annotated[str, doc("Contact, agent or bot who wrote it; empty when not told")]
    is_public: Annotated[bool, doc("1 when the requester sees it")]
    is_redacted: Annotated[bool, doc("1 when its text was removed")]
    channel: TicketChannel
    session_id: Annotated[str, doc("Messaging session that it belongs to; empty for none")]
    sent_at: Annotated[Moment, doc("When it was sent, UTC")]
    has_text: Annotated[bool, doc("0 when it came without text")]
    out_of_hours: Annotated[bool | None, doc("1 when sent outside of business hours; NULL while no schedule is known")]
    schedule_id: ScheduleId
    is_test: IsTest


class TicketNextReplyRow(Row, frozen=True, gc=False):
    """Waits of requesters for a public reply: one row per wait, from the oldest unanswered message on."""

    TABLE: ClassVar[str] = "ticket_next_reply"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    instance_no: Annotated[UInt32, doc("Which wait of the ticket, from 1")]
    asked_at: Annotated[Moment, doc("When the oldest unanswered message was sent, UTC")]
    answered_at: Annotated[Moment | None, doc("When the wait ended, UTC; NULL while it lasts")]
    waited_us: Annotated[int | None, doc("How long it lasted, calendar microseconds; NULL while it does")]
    waited_business_us: Annotated[int | None, doc("The same in business time; NULL while no schedule is known, too")]
    ended_by: Annotated[Label, doc("reply, solved or removed; empty while it lasts")]
    agent_id: AgentId
    is_test: IsTest


class TicketSolveRow(Row, frozen=True, gc=False):
    """Times that tickets were solved, and what came of each: one row per solve."""

    TABLE: ClassVar[str] = "ticket_solve"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    ordinal: Annotated[UInt16, doc("Which solve of the ticket, from 1")]
    solved_at: Annotated[Moment, doc("When it was solved, or closed without that, UTC")]
    assignee_id: AssigneeId
    by_closing: Annotated[bool, doc("1 when it was closed while no solve stood: never solved, or opened again since")]
    reopened_at: Annotated[Moment | None, doc("When it was opened again, UTC; NULL if it never was")]
    reopened_by: Annotated[str, doc("Contact or agent who did; the kind of actor when no name is told; empty if none")]
    by_message: Annotated[bool, doc("1 when a message of the requester opened it again by itself")]
    opened_at: Annotated[Moment | None, doc("When the ticket began, UTC; NULL while incomplete")]
    is_test: IsTest


class TicketEscalationRow(Row, frozen=True, gc=False):
    """Escalations of tickets: one row per escalation."""

    TABLE: ClassVar[str] = "ticket_escalation"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "ticket"
    account_id: AccountId
    ticket_id: TicketId
    event_id: Annotated[str, doc("Event that tells of the escalation")]
    at: Annotated[Moment, doc("When it was escalated, UTC")]
    kind: Annotated[Label, doc("hierarchical, functional or unknown")]
    from_tier: Tier
    to_tier: Tier
    reason: Annotated[str, personal("Why, in the source's words; empty when not told")]
    assignee_id: AssigneeId
    is_test: IsTest


class TouchRow(Row, frozen=True, gc=False):
    """Calls, meetings and e-mails outside of tickets: one row per touch."""

    TABLE: ClassVar[str] = "touch"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "touch"
    account_id: AccountId
    touch_id: Annotated[str, doc("Touch, as its source names it")]
    kind: Annotated[Label, doc("What it was, in the source's words (call, meeting, email, ...)")]
    direction: Annotated[Label, doc("inbound, outbound or unknown")]
    channel: Annotated[Label, doc("Way it took place; empty when its kind tells")]
    contact_id: Annotated[str, doc("Person at the customer; empty when not told")]
    manager_id: Annotated[str, doc("Our person; empty when not told")]
    at: Annotated[Moment, doc("When it took place, UTC")]
    duration_s: Annotated[UInt32 | None, doc("How long it took, seconds; NULL when not told")]
    is_test: IsTest
