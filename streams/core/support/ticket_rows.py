"""What a ticket says in rows: itself, its spans, messages, waits for replies, solves and escalations."""

from collections.abc import Callable, Iterator, Sequence

from streams.core.rows import (
    Row,
    TicketEscalationRow,
    TicketMessageRow,
    TicketNextReplyRow,
    TicketRow,
    TicketSolveRow,
    TicketSpanRow,
)
from streams.core.rules import Rules
from streams.core.support import sla_rows
from streams.core.support.life import DONE, Span
from streams.core.support.messages import turns
from streams.core.support.restated import late_replies, restatements
from streams.core.support.ticket import Ticket

Business = Callable[[int | None, int | None], int | None]
"""Business time of an interval; None for one without a start, an end, or a schedule that is known at its start."""
REQUESTER_WAIT = frozenset({"new", "open", "hold"})
AGENT_WAIT = frozenset({"pending"})
ON_HOLD = frozenset({"hold"})
AGENT_WORK = frozenset({"new", "open"})


def rows(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[Row]:
    """Every row of one ticket. While its start is not known, it has no spans."""
    if ticket is None:
        return ()
    written: list[Row] = []
    if ticket.stands:
        business = _business(ticket, rules)
        written.append(_ticket(ticket, business))
        written.extend(_spans(ticket))
        written.extend(_messages(ticket, rules))
        written.extend(_next_replies(ticket, business))
        written.extend(_solves(ticket))
        written.extend(_escalations(ticket))
        written.extend(sla_rows.rows(ticket, rules, passed))
    written.extend(restatements(ticket))
    return written


def counting(ticket: Ticket | None, rules: Rules, _passed: int) -> Sequence[Row]:
    """The row that tells how many events were left out."""
    return () if ticket is None or not ticket.stands else (_ticket(ticket, _business(ticket, rules)),)


def ever(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[Row]:
    """Rows that messages may have left while they came in any order: each late reply may have been the first."""
    if ticket is None:
        return ()
    return [*rows(ticket, rules, passed), *sla_rows.absent(ticket, rules, passed), *late_replies(ticket)]


def _business(ticket: Ticket, rules: Rules) -> Business:
    schedule = ticket.schedule_id

    def between(start: int | None, end: int | None) -> int | None:
        if start is None or end is None or end < start:
            return None
        calendar = rules.calendar(schedule, start)
        return None if calendar is None else calendar.between(start, end)

    return between


def _ticket(ticket: Ticket, business: Business) -> TicketRow:
    life, opened, last = ticket.life, ticket.opened, ticket.last
    begin = opened.occurred_at if opened is not None else None
    replied = ticket.replies[0].sent_at if ticket.replies else None
    first = life.solves[0].at if life.solves else None
    final = life.solves[-1].at if life.solves and life.base in DONE else None
    rating = life.rating
    rated = rating.rated if rating is not None else None
    ended = _ended(ticket)
    return TicketRow(
        ticket.account_id,
        ticket.ticket_id,
        opened.channel if opened is not None else "",
        (opened.requester_id or "") if opened is not None else "",
        opened is not None and opened.created_by_agent,
        (opened.follows_ticket_id or "") if opened is not None else "",
        life.group_id,
        ticket.schedule_id,
        life.topic,
        life.priority,
        life.status if opened is not None else "incomplete",
        life.custom_status,
        life.assignee_id,
        begin,
        life.first_assigned_at,
        replied,
        ticket.since_opened(replied),
        business(begin, replied),
        first,
        ticket.since_opened(first),
        business(begin, first),
        final,
        ticket.since_opened(final),
        business(begin, final),
        life.closed_at,
        life.removed_at,
        life.merged_into,
        life.status_since,
        *_wait(ticket, ended, REQUESTER_WAIT, business),
        *_wait(ticket, ended, AGENT_WAIT, business),
        *_wait(ticket, ended, ON_HOLD, business),
        *_wait(ticket, ended, AGENT_WORK, business),
        turns(ticket.replies),
        sum(message.by_requester for message in ticket.messages),
        len(ticket.messages),
        ticket.left_out,
        len({message.added.author_id for message in ticket.messages if message.added.author_type == "AGENT"}),
        len(life.solves),
        life.reopens,
        len(life.escalations),
        life.tier,
        life.offered_at,
        rated.occurred_at if rated is not None else None,
        rated.score if rated is not None else None,
        rated.scale_min if rated is not None else None,
        rated.scale_max if rated is not None else None,
        rated.positive_from if rated is not None else None,
        rating.assignee_id if rating is not None else "",
        rated is not None and rated.has_comment,
        _flags(ticket, replied, first),
        ticket.is_test,
        (opened or last.event).source,
        last.event.event_id,
        last.event.occurred_at,
        last.ingested_at,
    )


def _ended(ticket: Ticket) -> Sequence[Span]:
    """Spans of all categories that had ended by the last change of status."""
    since = ticket.life.status_since
    if since is None:
        return ()
    return [span for span in ticket.life.spans if span.until_at is not None and span.until_at <= since]


def _wait(ticket: Ticket, spans: Sequence[Span], group: frozenset[str], business: Business) -> tuple[int, int | None]:
    """(calendar, business) time of those spans that are in one group of categories."""
    begin = ticket.opened.occurred_at if ticket.opened is not None else None
    calendar, in_hours = 0, business(begin, begin)
    for span in spans:
        if span.until_at is not None and span.standing.status in group:
            calendar += span.until_at - span.from_at
            counted = business(span.from_at, span.until_at)
            in_hours = None if in_hours is None or counted is None else in_hours + counted
    return calendar, in_hours


def _flags(ticket: Ticket, replied: int | None, solved: int | None) -> tuple[str, ...]:
    flags = set(ticket.life.flags)
    if ticket.left_out:
        flags.add("too_many_events")
    if ticket.opened is not None:
        begin = ticket.opened.occurred_at
        if solved is not None and solved < begin:
            flags.add("solved_before_opened")
        if replied is not None and replied < begin:
            flags.add("replied_before_opened")
    return tuple(sorted(flags)) if flags else ()


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
            None if solve.reopening is None else solve.reopening.event.occurred_at,
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
