"""The one row that sums a ticket up: who has it, since when, how long what took, how often what happened."""

from streams.core.rows_ticket import TicketRow
from streams.core.support.business import Business
from streams.core.support.life import MOST_SOLVES
from streams.core.support.ticket import Ticket

AGENT_WAIT = ("pending",)
ON_HOLD = ("hold",)
AGENT_WORK = ("new", "open")


def summary(ticket: Ticket, business: Business) -> TicketRow:
    """Return the row of a ticket of which the last moment is over."""
    life, talk, opened, last = ticket.life, ticket.talk, ticket.opened, ticket.last
    assert last is not None
    begin, replied, first, final = ticket.begun_at, talk.replied_at, life.first_solved_at, life.last_solved_at
    rated = life.rating.rated if life.rating is not None else None
    on_hold, agent_work = (_wait(ticket, group, business) for group in (ON_HOLD, AGENT_WORK))
    return TicketRow(
        ticket.account_id,
        ticket.ticket_id,
        ticket.channel,
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
        ticket.spans.status_from if opened is not None else None,
        *_together(on_hold, agent_work),
        *_wait(ticket, AGENT_WAIT, business),
        *on_hold,
        *agent_work,
        talk.turns,
        talk.asked,
        talk.messages,
        talk.agents,
        life.solves,
        life.reopens,
        life.escalations,
        life.tier,
        life.offered_at,
        rated.occurred_at if rated is not None else None,
        rated.score if rated is not None else None,
        rated.scale_min if rated is not None else None,
        rated.scale_max if rated is not None else None,
        rated.positive_from if rated is not None else None,
        life.rating.assignee_id if life.rating is not None else "",
        rated is not None and rated.has_comment,
        _flags(ticket),
        ticket.is_test,
        opened.source if opened is not None else last.source,
        last.event_id,
        last.occurred_at,
        last.ingested_at,
    )


def _wait(ticket: Ticket, group: tuple[str, ...], business: Business) -> tuple[int, int | None]:
    """(calendar, business) time in one group of categories, up to the last change of status."""
    begin, lasted = ticket.begun_at, ticket.spans.lasted
    calendar = in_hours = 0
    for each in group:
        if each in lasted:
            calendar, in_hours = calendar + lasted[each][0], in_hours + lasted[each][1]
    return calendar, None if business(begin, begin) is None else in_hours


def _together(one: tuple[int, int | None], other: tuple[int, int | None]) -> tuple[int, int | None]:
    """The requester waits while the ticket is on hold and while agents have it."""
    return one[0] + other[0], None if one[1] is None or other[1] is None else one[1] + other[1]


def _flags(ticket: Ticket) -> tuple[str, ...]:
    begin, solved, replied = ticket.begun_at, ticket.life.first_solved_at, ticket.talk.replied_at
    flags = ["opened_twice"] if ticket.opened_twice else []
    if begin is not None and replied is not None and replied < begin:
        flags.append("replied_before_opened")
    if begin is not None and solved is not None and solved < begin:
        flags.append("solved_before_opened")
    if ticket.life.solves > MOST_SOLVES:
        flags.append("solves_without_rows")
    return tuple(flags)
