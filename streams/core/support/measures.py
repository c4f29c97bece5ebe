"""Measures of a ticket: its part of the sums behind metrics."""

from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.events import TicketOpened
from streams.core.support.ticket import Ticket

HOUR = 3_600_000_000
DAY = 24 * HOUR
_ONE: Measure = (ONE, ONE, None)
_OPEN: Measure = (0, ONE, None)


def measures(ticket: Ticket) -> Measures:
    """Return the ticket's part of each metric, as the facts of that metric count it."""
    if ticket.is_test or ticket.life.removed_at is not None:
        return NO_MEASURES
    found: dict[Key, Measure] = {}
    if ticket.opened is not None:
        _from_start(found, ticket, ticket.opened)
        _solved(found, ticket)
    _rated(found, ticket)
    return found


def _from_start(found: dict[Key, Measure], ticket: Ticket, opened: TicketOpened) -> None:
    """Add what belongs to the window in which the ticket was opened.

    The person of `topic_volume` is who asked: whoever asks about the same again was not helped at the first contact.
    """
    life, begin = ticket.life, opened.occurred_at
    found["channel_mix", opened.channel, begin, ""] = _ONE
    found["topic_volume", life.topic, begin, opened.requester_id or ""] = _ONE if life.topic else _OPEN
    escalated = life.escalations > 0
    found["escalation_rate", "", begin, ""] = (ONE * escalated, ONE, float(escalated))
    if ticket.talk.replied_at is not None:
        _spent(found, ticket, "first_reply", begin, ticket.talk.replied_at)
    if life.first_assigned_at is not None:
        _spent(found, ticket, "first_assignment", begin, max(life.first_assigned_at, begin))


def _solved(found: dict[Key, Measure], ticket: Ticket) -> None:
    """Return what belongs to the window of a solve.

    The item of a reopened one is the least horizon in days that it came in, so that none has a say in the log. What
    that takes from `fcr` is a row of its own, so that of either the sum over items up to a horizon is its numerator.
    """
    life = ticket.life
    first, again, final = life.first_solved_at, life.first_reopened_at, life.last_solved_at
    if first is None:
        return
    touch = ticket.talk.turns == 1 and again is None
    found["one_touch_rate", "", first, ""] = (ONE * touch, ONE, float(touch))
    item = "" if again is None else str(-((first - again) // DAY))
    found["reopen_rate", item, first, ""] = (ONE * (again is not None), ONE, float(again is not None))
    once = ticket.talk.asked <= 1
    found["fcr", "", first, ""] = (ONE * once, ONE, float(once))
    if once and again is not None:
        found["fcr", item, first, ""] = (-ONE, 0, None)
    _spent(found, ticket, "first_resolution", first, first)
    if final is not None:
        _spent(found, ticket, "full_resolution", final, final)


def _rated(found: dict[Key, Measure], ticket: Ticket) -> None:
    rating, offered_at = ticket.life.rating, ticket.life.offered_at
    if rating is not None:
        at = rating.rated.occurred_at if offered_at is None else offered_at
        found["ticket_csat_response_rate", "", at, ""] = _ONE
    elif offered_at is not None:
        found["ticket_csat_response_rate", "", offered_at, ""] = _OPEN
    if rating is not None and rating.rated.positive_from is not None:
        rated = rating.rated
        positive = rated.score >= rating.rated.positive_from
        found["ticket_csat", "", rated.occurred_at, ""] = (ONE * positive, ONE, rated.score)


def _spent(found: dict[Key, Measure], ticket: Ticket, metric: str, window_at: int, until: int) -> None:
    """Time since the start: the numerator in seconds, as people read it in hours; none where it would be negative."""
    spent = ticket.since_opened(until)
    if spent is not None:
        found[metric, "", window_at, ""] = (spent, ONE, spent / HOUR)
