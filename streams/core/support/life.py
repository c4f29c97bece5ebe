"""The life of a ticket: its status and who has it; solves, reopenings, removal, ratings."""

import msgspec

from streams.core.events import TicketCsatRated

DONE = frozenset({"solved", "closed"})
GONE = frozenset({"deleted", "merged", "spam"})
NOT_BACKLOG = DONE | GONE
MOST_SOLVES = 2**16 - 1
"""Solves of a ticket that have a row of their own: the number is a key of 16 bits, which no migration can widen."""


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The standing of a ticket at a moment; empty where there is none."""

    status: str = ""
    custom_status: str = ""
    assignee_id: str = ""
    priority: str = ""
    group_id: str = ""
    topic: str = ""


class Solve(msgspec.Struct, array_like=True, gc=False):
    """One solve and how it ended; `by_closing` where the ticket was closed while no solve stood.

    What came of an opening that was dated later is told after it, so `at` is no earlier than what came before it.
    `heard_at` is when somebody else than an agent told of a reopening last: a message of that second brought it about.
    """

    ordinal: int
    at: int
    assignee_id: str
    by_closing: bool = False
    reopened_at: int | None = None
    reopened_by: str = ""
    by_message: bool = False
    heard_at: int | None = None


class Rating(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rating and who is rated."""

    rated: TicketCsatRated
    assignee_id: str


class Life(msgspec.Struct, array_like=True, gc=False):
    """The story of a ticket so far, in order of time; microseconds, None for what did not happen.

    `base` is the category below a removal, empty while nobody told of one. `solve` is the last one, whether it stands
    or not; `earlier` are those before it that a message of the last second may still have undone.
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
    first_solved_at: int | None = None
    first_reopened_at: int | None = None
    reopens: int = 0
    escalations: int = 0
    solve: Solve | None = None
    earlier: list[Solve] = msgspec.field(default_factory=list)
    rating: Rating | None = None

    @property
    def status(self) -> str:
        return self.removal or self.base

    @property
    def standing(self) -> Standing:
        return Standing(self.status, self.custom_status, self.assignee_id, self.priority, self.group_id, self.topic)

    @property
    def solves(self) -> int:
        """Return how often it was solved."""
        return 0 if self.solve is None else self.solve.ordinal

    @property
    def last_solved_at(self) -> int | None:
        """Return the time of the solve in force; None while the ticket is not done, or the last solve was undone."""
        if self.solve is None or self.base not in DONE or self.solve.reopened_at is not None:
            return None
        return self.solve.at
