"""Facts that a ticket hands over to the health of its account.

How it stands counts once a moment is over, as for its spans: open, urgent, escalated. A reply counts when it is given,
once for each ticket and day: who has talked today is no further from us after ten more messages.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from streams.core.columns import Row
from streams.core.health.facts import Fact, Happened, HappenedName, Level, LevelName, day_of
from streams.core.rows_sla import SlaInstanceRow
from streams.core.support.life import NOT_BACKLOG, Life

if TYPE_CHECKING:
    from streams.core.support.ticket import Ticket

URGENT = "urgent"
"""The priority, in any case of letters, that is urgent."""
_LEVELS: tuple[tuple[int, LevelName], ...] = ((1, "tickets_open"), (2, "tickets_urgent"), (4, "escalations_open"))


def load_of(life: Life) -> int:
    """Return what a ticket adds to each of the levels, a bit each; nothing while it is done or removed."""
    if life.status in NOT_BACKLOG:
        return 0
    return 1 + 2 * (life.priority.lower() == URGENT) + 4 * (life.escalations > 0)


def turned(ticket: "Ticket") -> list[Fact]:
    """Return what the moment that ends has changed of the levels, and take it as counted."""
    spans, opened, load = ticket.spans, ticket.opened, load_of(ticket.life)
    counted, spans.counted = spans.counted, load
    by, spans.turned_by = spans.turned_by, ""
    if load == counted or opened is None or ticket.is_test:
        return []
    at, ticket_id, by, day = spans.at, ticket.ticket_id, by or opened.event_id, day_of(opened.occurred_at)
    return [
        Level(at, "ticket", ticket_id, name, by, name, 1 if load & bit else -1, day)
        for bit, name in _LEVELS
        if load & bit != counted & bit
    ]


def outcomes(ticket: "Ticket", rows: Iterable[Row]) -> Iterator[Fact]:
    """Yield how service level clocks came out, as far as they did."""
    opened = ticket.opened
    if opened is None or ticket.is_test:
        return
    for row in rows:
        if not isinstance(row, SlaInstanceRow):
            continue
        place = f"{row.metric}/{row.instance_no}"
        if row.breached_at is not None:
            yield _happened(row.breached_at, ticket, f"sla_breached/{place}", opened.event_id, "sla_breached")
        elif row.state == "fulfilled" and row.fulfilled_at is not None:
            yield _happened(row.fulfilled_at, ticket, f"sla_kept/{place}", opened.event_id, "sla_kept")


def touched(ticket: "Ticket", at: int, event_id: str) -> Fact | None:
    """Return that an agent answered the customer, if that is the first time on its day; take the day as counted."""
    day, before = day_of(at), ticket.talk.touched_on
    ticket.talk.touched_on = day
    return None if day == before or ticket.is_test else _happened(at, ticket, "touch", event_id, "touch")


def told(ticket: "Ticket") -> Iterator[Fact]:
    """Yield what later events may still take back: that the ticket was opened, and how it was rated."""
    opened, rating = ticket.opened, ticket.life.rating
    if ticket.is_test or ticket.life.removed_at is not None:
        return
    if opened is not None:
        yield _happened(opened.occurred_at, ticket, "ticket_opened", opened.event_id, "ticket_opened")
    if rating is not None and rating.rated.scale_max > rating.rated.scale_min:
        rated = rating.rated
        share = (rated.score - rated.scale_min) / (rated.scale_max - rated.scale_min)
        yield Happened(
            rated.occurred_at, "ticket", ticket.ticket_id, "csat_answer", rated.event_id, "csat_answer", 1,
            round(100 * share),
        )  # fmt: skip


def _happened(at: int, ticket: "Ticket", place: str, event_id: str, name: HappenedName) -> Happened:
    return Happened(at, "ticket", ticket.ticket_id, place, event_id, name)
