"""The one row that sums a ticket up: who has it, since when, how long what took, how often what happened."""

from collections.abc import Sequence

from streams.core.rows import TicketRow
from streams.core.support.business import Business
from streams.core.support.life import Span
from streams.core.support.messages import turns
from streams.core.support.ticket import Ticket

AGENT_WAIT = frozenset({"pending"})
ON_HOLD = frozenset({"hold"})
AGENT_WORK = frozenset({"new", "open"})


def summary(ticket: Ticket, business: Business) -> TicketRow:
    """The row of a ticket that stands."""
    life, opened, last = ticket.life, ticket.opened, ticket.last
    begin = opened.occurred_at if opened is not None else None
    replied = ticket.replies[0].sent_at if ticket.replies else None
    first = life.solves[0].at if life.solves else None
    final = life.solve.at if life.solve is not None else None
    rating = life.rating
    rated = rating.rated if rating is not None else None
    ended = _ended(ticket)
    on_hold, agent_work = (_wait(ticket, ended, group, business) for group in (ON_HOLD, AGENT_WORK))
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
        *_together(on_hold, agent_work),
        *_wait(ticket, ended, AGENT_WAIT, business),
        *on_hold,
        *agent_work,
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


def _together(one: tuple[int, int | None], other: tuple[int, int | None]) -> tuple[int, int | None]:
    """The requester waits while the ticket is on hold and while agents have it."""
    return one[0] + other[0], None if one[1] is None or other[1] is None else one[1] + other[1]


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
