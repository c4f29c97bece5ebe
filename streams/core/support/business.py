"""Business time of a ticket, by the schedule that it is measured by."""

from collections.abc import Callable

from streams.core.rules import Rules
from streams.core.support.ticket import Ticket

Business = Callable[[int | None, int | None], int | None]
"""Business time of an interval; None for one without a start, an end, or a schedule that is known at its start."""


def business_of(ticket: Ticket, rules: Rules) -> Business:
    """The measure of the ticket's own schedule, each interval by what was in force at its start."""
    calendar = rules.calendars.get(ticket.schedule_id)

    def between(start: int | None, end: int | None) -> int | None:
        if start is None or end is None or end < start:
            return None
        return None if calendar is None or start < calendar.since else calendar.between(start, end)

    return between
