"""The ticket: every event of it, from any source in any order, as one accumulator.

What happened is told in order of time (events of one moment in fold order), whatever arrived first; the opening comes
before everything else, whatever its clock says. A message is as it was last told of: one made private later was never
a reply.
"""

import msgspec

from streams.core.algebra import EventKey, RecordedEvent, SortKey, fold_order
from streams.core.clock.schedule import DEFAULT
from streams.core.events import MessageAdded, MessageChanged, TicketEscalated, TicketOpened
from streams.core.members import Members
from streams.core.support.life import Life
from streams.core.support.messages import Talk
from streams.core.support.sla_clocks import Clocks
from streams.core.support.spans import Spans


class Last(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The event that is last in fold order."""

    order: EventKey
    ingested_at: int

    @property
    def occurred_at(self) -> int:
        return self.order[1]

    @property
    def event_id(self) -> str:
        return self.order[2]

    @property
    def source(self) -> str:
        return self.order[3]


class Ticket(msgspec.Struct, array_like=True, dict=True):
    """A ticket as its active events say. Times are microseconds; `opened` is None while the start is not known.

    `members` are names of agents and messaging sessions. Beside its fields it may hold what was worked out of them: how
    it stands once its last moment is over (`streams.core.support.moments`), rows of its clocks
    (`streams.core.support.projection`).
    """

    is_test: bool = False
    account_id: str = ""
    ticket_id: str = ""
    last: Last | None = None
    opened: TicketOpened | None = None
    opened_twice: bool = False
    life: Life = msgspec.field(default_factory=Life)
    talk: Talk = msgspec.field(default_factory=Talk)
    spans: Spans = msgspec.field(default_factory=Spans)
    clocks: Clocks = msgspec.field(default_factory=Clocks)
    members: Members = msgspec.field(default_factory=Members)

    @property
    def schedule_id(self) -> str:
        named = self.opened.schedule_id if self.opened is not None else None
        return named or DEFAULT

    @property
    def channel(self) -> str:
        return "" if self.opened is None else self.opened.channel

    @property
    def begun_at(self) -> int | None:
        return None if self.opened is None else self.opened.occurred_at

    def since_opened(self, at: int | None) -> int | None:
        """Time from the start to a moment; None where either is not known, or where the moment comes first."""
        if self.opened is None or at is None or at < self.opened.occurred_at:
            return None
        return at - self.opened.occurred_at


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Return where an event is told: openings first, in fold order, so that the last one counts; then by time."""
    is_opening = isinstance(recorded.event, TicketOpened)
    order = fold_order(recorded)
    return (0, 0, *order) if is_opening else (1, recorded.event.occurred_at, *order)


def part_of(recorded: RecordedEvent) -> str:
    """Name the message that an event states. Escalations are known by their events: two of one id are one."""
    event = recorded.event
    if isinstance(event, MessageAdded):
        return f"m{event.message_id}"
    return f"e{event.event_id}" if isinstance(event, TicketEscalated) else ""


def patch_of(recorded: RecordedEvent) -> str:
    """Name the message that an event changes."""
    event = recorded.event
    return f"m{event.message_id}" if isinstance(event, MessageChanged) else ""
