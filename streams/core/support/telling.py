"""A ticket's events told in order of time, one by one.

The opening comes first whatever its clock says; what is dated before it counts from there, and the ticket is flagged.
"""

from typing import assert_never

from streams.core.algebra import RecordedEvent, fold_order
from streams.core.events import (
    MessageAdded,
    MessageChanged,
    SlaTargetApplied,
    TicketAssigned,
    TicketCsatOffered,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketEvent,
    TicketMarkedSpam,
    TicketMerged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
)
from streams.core.outputs import Outputs, Scope
from streams.core.support import ticket_rows
from streams.core.support.life import DONE, Life, Rating
from streams.core.support.messages import REMOVED, SOLVED, Talk
from streams.core.support.moments import pass_to
from streams.core.support.signs import load_of
from streams.core.support.sla_clocks import Clocks
from streams.core.support.solving import reopen, solved, turn
from streams.core.support.spans import Spans
from streams.core.support.talking import take_message
from streams.core.support.ticket import Last, Ticket


def apply(ticket: Ticket, recorded: RecordedEvent, scope: Scope, sealed: Outputs | None) -> None:
    """Apply one more event of a ticket, and seal what it has ended."""
    event: TicketEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    order = fold_order(recorded)
    if ticket.last is None:
        ticket.account_id, ticket.ticket_id = event.account_id, event.ticket_id
    if ticket.last is None or ticket.last.order < order:
        ticket.last = Last(order, recorded.ingested_at)
    if isinstance(event, TicketOpened):
        ticket.__dict__.clear()
        _open(ticket, event)
        return
    pass_to(ticket, event.occurred_at, scope, sealed)
    if isinstance(event, MessageAdded):
        take_message(ticket, recorded, scope, sealed)
    else:
        load = load_of(ticket.life)
        _tell(ticket, recorded, event, sealed)
        if load_of(ticket.life) != load:
            ticket.spans.turned_by = event.event_id


def _open(ticket: Ticket, opened: TicketOpened) -> None:
    """Begin the ticket; the start as last told of takes the place of another one."""
    ticket.opened_twice, ticket.opened = ticket.opened is not None, opened
    at, life = opened.occurred_at, Life()
    ticket.life, ticket.talk, ticket.spans, ticket.clocks = life, Talk(), Spans(at=at), Clocks()
    life.base, life.custom_status = opened.status.lower(), opened.custom_status or ""
    life.assignee_id, life.group_id = opened.assignee_id or "", opened.group_id or ""
    life.priority, life.topic, life.tier = opened.priority or "", opened.topic or "", opened.tier or ""
    if life.assignee_id:
        life.first_assigned_at = at
    if life.base in DONE:
        solved(life, at, life.assignee_id, by_closing=life.base == "closed")
        ticket.talk.end_at(at, SOLVED)


def _tell(ticket: Ticket, recorded: RecordedEvent, event: TicketEvent, sealed: Outputs | None) -> None:
    life, at = ticket.life, event.occurred_at
    match event:
        case TicketStatusChanged():
            turn(ticket, recorded, event.to_status.lower(), event.custom_status or "")
        case TicketSolved():
            if life.base not in DONE:
                turn(ticket, recorded, "solved", "")
            elif life.base == "solved" and not life.removal and life.solve is not None and at > life.solve.at:
                # An answer given anew to what was solved; no change of status.
                solved(life, at, event.assignee_id or life.assignee_id, by_closing=False)
        case TicketReopened():
            reopen(ticket, recorded, event)
        case TicketAssigned():
            life.assignee_id = event.assignee_id or ""
            life.group_id = life.group_id if event.group_id is None else event.group_id
            if life.assignee_id and life.first_assigned_at is None:
                life.first_assigned_at = at
        case TicketPriorityChanged():
            life.priority = event.priority or ""
        case TicketTopicSet():
            life.topic = event.topic or ""
        case TicketEscalated():
            life.escalations += 1
            life.tier = event.to_tier or life.tier
            if sealed is not None:
                sealed.rows.append(ticket_rows.escalation_row(ticket, event))
        case TicketCsatOffered():
            life.offered_at = at if life.offered_at is None else life.offered_at
        case TicketCsatRated():
            life.rating = Rating(event, event.assignee_id or life.assignee_id)
        case TicketMerged():
            _remove(ticket, "merged", at)
            life.merged_into = event.target_ticket_id
        case TicketDeleted():
            _remove(ticket, "deleted", at)
        case TicketMarkedSpam():
            _remove(ticket, "spam", at)
        case TicketRestored():
            if life.removal != "merged":
                life.removal, life.removed_at = "", None
        case SlaTargetApplied():
            if ticket.opened is not None:
                ticket.clocks.fresh.append(event)
                ticket.spans.is_told = True
        case MessageAdded() | MessageChanged() | TicketOpened():
            pass
        case _:
            assert_never(event)


def _remove(ticket: Ticket, kind: str, at: int) -> None:
    """A merge is for good; of two other removals the later names it, the earlier dates it."""
    life = ticket.life
    if life.removal == "merged":
        return
    if not life.removal:
        life.removed_at = at
        ticket.talk.end_at(at, REMOVED)
    life.removal = kind
