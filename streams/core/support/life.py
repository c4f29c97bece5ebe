"""What became of a ticket: its status and who has it, in spans; solves, reopenings, removal, ratings, escalations."""

from collections.abc import Collection, Sequence

import msgspec

from streams.core.algebra import Note
from streams.core.events import SlaTargetApplied, TicketCsatRated, TicketEscalated

DONE = frozenset({"solved", "closed"})
NOT_BACKLOG = DONE | {"deleted", "merged", "spam"}


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What holds of a ticket during a span; empty where there is none."""

    status: str = ""
    custom_status: str = ""
    assignee_id: str = ""
    priority: str = ""
    group_id: str = ""
    topic: str = ""


class Span(msgspec.Struct, gc=False):
    """A stretch of a ticket's life without change; `until_at` is None while it lasts (microseconds)."""

    from_at: int
    standing: Standing
    until_at: int | None = None

    @property
    def is_backlog(self) -> bool:
        return self.standing.status not in NOT_BACKLOG


def began(spans: Sequence[Span], statuses: Collection[str]) -> int | None:
    """Since when the last spans have all been in one of these statuses; None where the last is in none of them."""
    since = None
    for span in reversed(spans):
        if span.standing.status not in statuses:
            break
        since = span.from_at
    return since


class Solve(msgspec.Struct, gc=False):
    """One solve and how it ended; `by_closing` where the ticket was closed while no solve stood.

    What came of an opening that was dated later is told after it, so `at` is no earlier than what came before it.
    """

    note: Note
    at: int
    assignee_id: str
    by_closing: bool = False
    reopening: Note | None = None
    reopened_by: str = ""
    by_message: bool = False

    @property
    def reopened_at(self) -> int | None:
        return None if self.reopening is None else max(self.at, self.reopening.event.occurred_at)


class Rating(msgspec.Struct, frozen=True, gc=False):
    """A rating and who is rated; `before` is the one that it replaced."""

    rated: TicketCsatRated
    note: Note
    assignee_id: str
    before: TicketCsatRated | None


class Escalation(msgspec.Struct, frozen=True, gc=False):
    """An escalation and who had the ticket."""

    event: TicketEscalated
    assignee_id: str


class Life(msgspec.Struct, gc=False):
    """What became of a ticket so far, told forward in time; microseconds, None for what did not happen.

    `base` is the category below a removal, empty while nobody told of one; `endings` are the moments at which
    unanswered messages stop waiting, and why.
    """

    base: str = ""
    custom_status: str = ""
    removal: str = ""
    assignee_id: str = ""
    priority: str = ""
    group_id: str = ""
    topic: str = ""
    tier: str = ""
    merged_into: str = ""
    first_assigned_at: int | None = None
    closed_at: int | None = None
    removed_at: int | None = None
    offered_at: int | None = None
    reopens: int = 0
    spans: list[Span] = []
    solves: list[Solve] = []
    endings: list[tuple[int, str]] = []
    ratings: list[Rating] = []
    escalations: list[Escalation] = []
    targets: list[SlaTargetApplied] = []
    flags: set[str] = set()

    @property
    def status(self) -> str:
        return self.removal or self.base

    @property
    def status_since(self) -> int | None:
        """Since when it has its status; None without spans."""
        return began(self.spans, {self.status})

    @property
    def solve(self) -> Solve | None:
        """The solve that stands; None while the ticket is not done, and where a reopening undid the last one."""
        last = self.solves[-1] if self.solves and self.base in DONE else None
        return None if last is None or last.reopening is not None else last

    @property
    def rating(self) -> Rating | None:
        return self.ratings[-1] if self.ratings else None
