"""The ticket: every event of it, from any source in any order, as one view.

What happened is told in order of time (events of one moment in fold order), whatever arrived first. A message is as it
was last told of: one made private later was never a reply.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from streams.core.algebra import Note, effective
from streams.core.clock.schedule import DEFAULT
from streams.core.events import TicketOpened
from streams.core.rules import Rules
from streams.core.support.kinds import TicketEvent
from streams.core.support.life import Life
from streams.core.support.messages import Ask, Message, asks_of, messages_of, replies_of
from streams.core.support.telling import live


class Ticket(msgspec.Struct, gc=False):
    """A ticket as its standing events say; local to one fold. Times are microseconds.

    `every` has the overruled notes too, all in fold order; `last` is the standing one that is last in it. `opened` is
    None while the start is not known. `left_out` counts events beyond the limit of a ticket.
    """

    account_id: str
    ticket_id: str
    every: tuple[Note, ...]
    last: Note
    life: Life
    opened: TicketOpened | None = None
    messages: Sequence[Message] = ()
    replies: Sequence[Message] = ()
    asks: Sequence[Ask] = ()
    is_test: bool = False
    stands: bool = True
    left_out: int = 0
    driven: tuple[Rules, int, Sequence[Any]] | None = None
    """Service level clocks as last worked out (streams.core.support.sla), for which rules and up to when."""

    @property
    def schedule_id(self) -> str:
        named = self.opened.schedule_id if self.opened is not None else None
        return named or DEFAULT

    def since_opened(self, at: int | None) -> int | None:
        """Time from the start to a moment; None where either is not known, or where the moment comes first."""
        if self.opened is None or at is None or at < self.opened.occurred_at:
            return None
        return at - self.opened.occurred_at


def everything(notes: tuple[Note, ...]) -> Sequence[Note]:
    """What was restated shows against what stood before, so the fold sees overruled notes too."""
    return notes


def fold(notes: Sequence[Note]) -> Ticket | None:
    """The ticket that the notes describe, all there are of it in fold order; None for no notes."""
    if not notes:
        return None
    every = tuple(notes)
    standing = effective(every)
    last = (standing or every)[-1]
    event: TicketEvent = last.event  # type: ignore[assignment] # routed here by its type
    if not standing:
        return Ticket(event.account_id, event.ticket_id, every, last, Life(), stands=False)
    opened = _opening(standing)
    timeline = sorted(standing, key=_moment)
    messages = messages_of(standing, timeline)
    life = live(timeline, opened, messages)
    replies = replies_of(messages, opened.occurred_at if opened is not None and opened.created_by_agent else None)
    return Ticket(
        event.account_id,
        event.ticket_id,
        every,
        last,
        life,
        opened,
        messages,
        replies,
        asks_of(messages, life.endings) if messages else (),
        any(note.event.is_test for note in standing),
    )


def _moment(note: Note) -> int:
    return note.event.occurred_at


def _opening(standing: Sequence[Note]) -> TicketOpened | None:
    """The start as last told of."""
    for note in reversed(standing):
        if isinstance(note.event, TicketOpened):
            return note.event
    return None


def tell(ticket: Ticket | None, left_out: int) -> None:
    """Let the view know how many events of the ticket are not among its notes."""
    if ticket is not None:
        ticket.left_out = left_out
