"""What a ticket says in rows: itself, its spans, messages, waits for replies, solves and escalations."""

from collections.abc import Iterator, Sequence

from streams.core.rows import (
    Row,
    TicketEscalationRow,
    TicketMessageRow,
    TicketNextReplyRow,
    TicketSolveRow,
    TicketSpanRow,
)
from streams.core.rules import Rules
from streams.core.support import sla_rows
from streams.core.support.business import Business, business_of
from streams.core.support.summary import summary
from streams.core.support.ticket import Ticket


def rows(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[Row]:
    """Every row of one ticket. While its start is not known, it has no spans."""
    if ticket is None:
        return ()
    written: list[Row] = []
    if ticket.stands:
        business = business_of(ticket, rules)
        written.append(summary(ticket, business))
        written.extend(_spans(ticket))
        written.extend(_messages(ticket, rules))
        written.extend(_next_replies(ticket, business))
        written.extend(_solves(ticket))
        written.extend(_escalations(ticket))
        written.extend(sla_rows.rows(ticket, rules, passed))
    return written


def counting(ticket: Ticket | None, rules: Rules, _passed: int) -> Sequence[Row]:
    """The row that tells how many events were left out."""
    return () if ticket is None or not ticket.stands else (summary(ticket, business_of(ticket, rules)),)


def ever(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[Row]:
    """Rows that messages may have left while they came in any order."""
    if ticket is None:
        return ()
    return [*rows(ticket, rules, passed), *sla_rows.absent(ticket, rules, passed)]


def _spans(ticket: Ticket) -> Iterator[TicketSpanRow]:
    """Spans; those that only group or topic tell apart are one row."""
    if ticket.opened is None:
        return
    spans = ticket.life.spans
    place = 0
    while place < len(spans):
        span, held = spans[place], spans[place].standing
        shown = (held.status, held.custom_status, held.assignee_id, held.priority)
        until = span.until_at
        place += 1
        while place < len(spans):
            following = spans[place].standing
            if shown != (following.status, following.custom_status, following.assignee_id, following.priority):
                break
            until = spans[place].until_at
            place += 1
        yield TicketSpanRow(
            ticket.account_id,
            ticket.ticket_id,
            span.from_at,
            until,
            *shown,
            span.is_backlog,
            ticket.opened.occurred_at,
            ticket.is_test,
        )


def _messages(ticket: Ticket, rules: Rules) -> Iterator[TicketMessageRow]:
    schedule = ticket.schedule_id
    channel = ticket.opened.channel if ticket.opened is not None else ""
    for message in ticket.messages:
        added, at = message.added, message.sent_at
        calendar = rules.calendar(schedule, at)
        yield TicketMessageRow(
            ticket.account_id,
            ticket.ticket_id,
            added.message_id,
            added.author_type.lower(),
            added.author_id or "",
            message.is_public,
            message.is_redacted,
            added.channel or channel,
            added.session_id or "",
            at,
            added.has_text,
            None if calendar is None else not calendar.is_open(at),
            schedule,
            ticket.is_test,
        )


def _next_replies(ticket: Ticket, business: Business) -> Iterator[TicketNextReplyRow]:
    for number, ask in enumerate(ticket.asks, start=1):
        yield TicketNextReplyRow(
            ticket.account_id,
            ticket.ticket_id,
            number,
            ask.asked_at,
            ask.ended_at,
            None if ask.ended_at is None else ask.ended_at - ask.asked_at,
            business(ask.asked_at, ask.ended_at),
            ask.ended_by,
            ask.agent_id,
            ticket.is_test,
        )


def _solves(ticket: Ticket) -> Iterator[TicketSolveRow]:
    begin = ticket.opened.occurred_at if ticket.opened is not None else None
    for number, solve in enumerate(ticket.life.solves, start=1):
        yield TicketSolveRow(
            ticket.account_id,
            ticket.ticket_id,
            number,
            solve.at,
            solve.assignee_id,
            solve.by_closing,
            solve.reopened_at,
            solve.reopened_by,
            solve.by_message,
            begin,
            ticket.is_test,
        )


def _escalations(ticket: Ticket) -> Iterator[TicketEscalationRow]:
    for escalation in ticket.life.escalations:
        event = escalation.event
        yield TicketEscalationRow(
            ticket.account_id,
            ticket.ticket_id,
            event.event_id,
            event.occurred_at,
            event.kind.lower(),
            event.from_tier or "",
            event.to_tier or "",
            event.reason or "",
            escalation.assignee_id,
            ticket.is_test,
        )
