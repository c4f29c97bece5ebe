"""What a ticket adds to the sums behind metrics."""

from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.support.ticket import Ticket

HOUR = 3_600_000_000
DAY = 24 * HOUR


def measures(ticket: Ticket) -> Measures:
    """Return the ticket's part of each metric, as the facts of that metric count it."""
    if ticket.opened is None or ticket.is_test or ticket.life.removed_at is not None:
        return NO_MEASURES
    found: dict[Key, Measure] = {}
    _from_start(found, ticket, ticket.opened.occurred_at)
    _solved(found, ticket)
    _rated(found, ticket)
    return found


def _from_start(found: dict[Key, Measure], ticket: Ticket, begin: int) -> None:
    """What belongs to the window in which the ticket was opened."""
    life = ticket.life
    escalated = life.escalations > 0
    found["escalation_rate", "", begin, ""] = (ONE * escalated, ONE, float(escalated))
    if ticket.talk.replied_at is not None:
        _spent(found, ticket, "first_reply", begin, ticket.talk.replied_at)
    if life.first_assigned_at is not None:
        _spent(found, ticket, "first_assignment", begin, max(life.first_assigned_at, begin))


def _solved(found: dict[Key, Measure], ticket: Ticket) -> None:
    """What belongs to the window of a solve.

    The item of a reopened one is the least horizon in days that it came in, so that none has a say in the log.
    """
    life = ticket.life
    first, again, final = life.first_solved_at, life.first_reopened_at, life.last_solved_at
    if first is None:
        return
    touch = ticket.talk.turns == 1 and again is None
    found["one_touch_rate", "", first, ""] = (ONE * touch, ONE, float(touch))
    item = "" if again is None else str(-((first - again) // DAY))
    found["reopen_rate", item, first, ""] = (ONE * (again is not None), ONE, float(again is not None))
    _spent(found, ticket, "first_resolution", first, first)
    if final is not None:
        _spent(found, ticket, "full_resolution", final, final)


def _rated(found: dict[Key, Measure], ticket: Ticket) -> None:
    rating = ticket.life.rating
    if rating is not None:
        rated = rating.rated
        positive = rated.score >= rated.positive_from
        found["ticket_csat", "", rated.occurred_at, ""] = (ONE * positive, ONE, rated.score)


def _spent(found: dict[Key, Measure], ticket: Ticket, metric: str, window_at: int, until: int) -> None:
    """Time since the start: the numerator in seconds, as people read it in hours; none where it would be negative."""
    spent = ticket.since_opened(until)
    if spent is not None:
        found[metric, "", window_at, ""] = (spent, ONE, spent / HOUR)
