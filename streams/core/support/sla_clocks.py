"""Which service level clocks a ticket has, by what happened to it alone: targets are another matter."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.core.events import TicketOpened
from streams.core.support.life import DONE, Span, began
from streams.core.support.messages import REMOVED
from streams.core.support.ticket import Ticket

GONE = frozenset({"deleted", "merged", "spam"})
_UNTIL_SOLVED = ("resolution", "requester_wait", "agent_work")


class Clock(NamedTuple):
    """One instance of a metric: from when it is waited, until when, and whether what came is what was waited for."""

    metric: str
    number: int
    start: int
    end: int | None = None
    is_kept: bool = False


def clocks(ticket: Ticket) -> Iterator[Clock]:
    """Every clock of a ticket, whether anybody set a target for it or not; none while its start is not known."""
    opened = ticket.opened
    if opened is None:
        return
    runs = list(_unsolved(ticket.life.spans))
    if runs:
        yield _first_reply(ticket, opened, runs[0])
    for metric in _UNTIL_SOLVED:
        for number, (start, end, is_kept) in enumerate(runs, start=1):
            yield Clock(metric, number, start, end, is_kept)
    yield from _next_replies(ticket, opened)


def _unsolved(spans: Sequence[Span]) -> Iterator[tuple[int, int | None, bool]]:
    """(start, end, whether solved) of each time in which the ticket was not done; a removal that stands is an end.

    What is removed while it is done stays done: nobody waits for it.
    """
    start: int | None = None
    was_done = False
    for span in spans:
        status = span.standing.status
        if start is None and status not in DONE and not (was_done and status in GONE):
            start = span.from_at
        elif start is not None and status in DONE:
            yield start, span.from_at, True
            start = None
        was_done = was_done or status in DONE
    if start is not None:
        gone_at = began(spans, GONE)
        yield start, None if gone_at is None else max(start, gone_at), False


def _first_reply(ticket: Ticket, opened: TicketOpened, run: tuple[int, int | None, bool]) -> Clock:
    """Kept by the first reply, or by a solve without one; at once by a reply from before anybody waited."""
    start, end, is_kept = run
    replied = max(ticket.replies[0].sent_at, opened.occurred_at, start) if ticket.replies else None
    if replied is not None and (end is None or replied <= end):
        return Clock("first_reply", 1, start, replied, is_kept=True)
    return Clock("first_reply", 1, start, end, is_kept)


def _next_replies(ticket: Ticket, opened: TicketOpened) -> Iterator[Clock]:
    """One for each wait after the first reply; the wait before it is the first reply's own."""
    if not ticket.replies:
        return
    first = ticket.replies[0].sent_at
    later = (ask for ask in ticket.asks if ask.asked_at > first)
    for number, ask in enumerate(later, start=1):
        start = max(ask.asked_at, opened.occurred_at)
        end = None if ask.ended_at is None else max(start, ask.ended_at)
        yield Clock("next_reply", number, start, end, ask.ended_by not in ("", REMOVED))
