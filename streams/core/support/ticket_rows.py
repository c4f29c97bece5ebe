"""Rows of a ticket beside its own: spans, messages, waits for replies, solves and escalations."""

from collections.abc import Iterable, Iterator

from streams.core.events import TicketEscalated
from streams.core.rows_ticket import (
    TicketEscalationRow,
    TicketMessageRow,
    TicketNextReplyRow,
    TicketSolveRow,
    TicketSpanRow,
)
from streams.core.rules import Rules
from streams.core.support import life as lives
from streams.core.support.business import business_of
from streams.core.support.life import MOST_SOLVES, Solve, Standing
from streams.core.support.messages import Ending, Message, Wait
from streams.core.support.spans import shown
from streams.core.support.ticket import Ticket

_LASTING = Ending(0, "")


def span_row(ticket: Ticket, from_at: int, until_at: int | None, standing: Standing) -> TicketSpanRow:
    """Return the row of a span; `until_at` is None while it lasts."""
    assert ticket.opened is not None
    return TicketSpanRow(
        ticket.account_id,
        ticket.ticket_id,
        from_at,
        until_at,
        *shown(standing),
        standing.status not in lives.NOT_BACKLOG,
        ticket.opened.occurred_at,
        ticket.is_test,
    )


def message_row(ticket: Ticket, message: Message, rules: Rules) -> TicketMessageRow:
    """Return the row of a message."""
    added, schedule = message.added, ticket.schedule_id
    calendar = rules.calendar(schedule, added.occurred_at)
    return TicketMessageRow(
        ticket.account_id,
        ticket.ticket_id,
        added.message_id,
        added.author_type.lower(),
        added.author_id or "",
        message.is_public,
        message.is_redacted,
        added.channel or ticket.channel,
        added.session_id or "",
        added.occurred_at,
        added.has_text,
        None if calendar is None else not calendar.is_open(added.occurred_at),
        schedule,
        ticket.is_test,
    )


def wait_row(
    ticket: Ticket, wait: Wait, rules: Rules, ending: Ending = _LASTING, agent_id: str = ""
) -> TicketNextReplyRow:
    """Return the row of a wait for a reply, which lasts where no ending is told."""
    ended_at = ending.at if ending.ended_by else None
    return TicketNextReplyRow(
        ticket.account_id,
        ticket.ticket_id,
        wait.number,
        wait.asked_at,
        ended_at,
        None if ended_at is None else ended_at - wait.asked_at,
        business_of(ticket, rules)(wait.asked_at, ended_at),
        ending.ended_by,
        agent_id,
        ticket.is_test,
    )


def solve_rows(ticket: Ticket, solves: Iterable[Solve]) -> Iterator[TicketSolveRow]:
    """Yield the rows of solves, as far as the table can number them."""
    for solve in solves:
        if solve.ordinal <= MOST_SOLVES:
            yield TicketSolveRow(
                ticket.account_id,
                ticket.ticket_id,
                solve.ordinal,
                solve.at,
                solve.assignee_id,
                solve.by_closing,
                solve.reopened_at,
                solve.reopened_by,
                solve.by_message,
                ticket.begun_at,
                ticket.is_test,
            )


def escalation_row(ticket: Ticket, event: TicketEscalated) -> TicketEscalationRow:
    """Return the row of an escalation of the ticket as it stands."""
    return TicketEscalationRow(
        ticket.account_id,
        ticket.ticket_id,
        event.event_id,
        event.occurred_at,
        event.kind.lower(),
        event.from_tier or "",
        event.to_tier or "",
        event.reason or "",
        ticket.life.assignee_id,
        ticket.is_test,
    )
