"""The life of a ticket: its status and who has it, in spans; solves, reopenings, removal, ratings, escalations.

Everything is told in order of time. The opening comes first whatever its clock says; what is dated before it counts
from there, and the ticket is flagged.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note
from streams.core.events import (
    MessageAdded,
    MessageChanged,
    SlaTargetApplied,
    TicketAssigned,
    TicketCsatOffered,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMerged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
)
from streams.core.support.kinds import TicketEvent
from streams.core.support.messages import REMOVED, SOLVED, Message, asked_near

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


class Solve(msgspec.Struct, gc=False):
    """One solve and how it ended; `by_closing` where the ticket was closed without ever having been solved."""

    note: Note
    assignee_id: str
    by_closing: bool = False
    reopening: Note | None = None
    reopened_by: str = ""
    by_message: bool = False

    @property
    def at(self) -> int:
        return self.note.event.occurred_at


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
    status_since: int | None = None
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
    def rating(self) -> Rating | None:
        return self.ratings[-1] if self.ratings else None


def live(timeline: Sequence[Note], opened: TicketOpened | None, messages: Sequence[Message]) -> Life:
    """Tell the notes of a ticket in order of time; `messages` tell which reopening a message brought about."""
    life = Life()
    begin = 0
    if opened is not None:
        begin = opened.occurred_at
        _open(life, timeline, opened)
    for note in timeline:
        event = note.event
        if isinstance(event, MessageAdded):
            continue
        _apply(life, note, messages)
        if opened is not None:
            _span(life, max(event.occurred_at, begin))
    return life


def _open(life: Life, timeline: Sequence[Note], opened: TicketOpened) -> None:
    life.base, life.custom_status = opened.status.lower(), opened.custom_status or ""
    life.assignee_id, life.group_id = opened.assignee_id or "", opened.group_id or ""
    life.priority, life.topic, life.tier = opened.priority or "", opened.topic or "", opened.tier or ""
    if life.assignee_id:
        life.first_assigned_at = opened.occurred_at
    openings = [note for note in timeline if isinstance(note.event, TicketOpened)]
    if len(openings) > 1:
        life.flags.add("opened_twice")
    if life.base in DONE:
        said = next(note for note in openings if note.event is opened)
        _solve(life, said, life.assignee_id, by_closing=life.base == "closed")
    _span(life, opened.occurred_at)


def _span(life: Life, at: int) -> None:
    """Begin a span where something changed; one that would have no length is overwritten."""
    now = Standing(life.status, life.custom_status, life.assignee_id, life.priority, life.group_id, life.topic)
    spans = life.spans
    if not spans:
        life.status_since = at
        spans.append(Span(at, now))
        return
    last = spans[-1]
    if last.standing == now:
        return
    if last.standing.status != now.status:
        life.status_since = at
    if last.from_at == at:
        spans.pop()
        if spans and spans[-1].standing == now:
            spans[-1].until_at = None
            return
    elif last.until_at is None:
        last.until_at = at
    spans.append(Span(at, now))


def _apply(life: Life, note: Note, messages: Sequence[Message]) -> None:
    event: TicketEvent = note.event  # type: ignore[assignment] # routed here by its type
    at = event.occurred_at
    match event:
        case TicketStatusChanged():
            _turn(life, note, event.to_status.lower(), event.custom_status or "", messages)
        case TicketSolved():
            if life.base not in DONE:
                _turn(life, note, "solved", "", messages)
            elif life.base == "solved" and not life.removal and life.solves and at > life.solves[-1].at:
                # An answer given anew to what was solved; no change of status.
                _solve(life, note, event.assignee_id or life.assignee_id, by_closing=False)
        case TicketReopened():
            _reopen(life, note, event, messages)
        case TicketAssigned():
            life.assignee_id = event.assignee_id or ""
            life.group_id = life.group_id if event.group_id is None else event.group_id
            if life.assignee_id and life.first_assigned_at is None:
                life.first_assigned_at = at
        case TicketPriorityChanged():
            life.priority = event.priority or ""
        case TicketTopicSet():
            life.topic = event.topic or ""
        case TicketEscalated():
            life.escalations.append(Escalation(event, life.assignee_id))
            life.tier = event.to_tier or life.tier
        case TicketCsatOffered():
            life.offered_at = at if life.offered_at is None else life.offered_at
        case TicketCsatRated():
            before = life.rating.rated if life.rating is not None else None
            life.ratings.append(Rating(event, note, event.assignee_id or life.assignee_id, before))
        case TicketMerged():
            _remove(life, "merged", at)
            life.merged_into = event.target_ticket_id
        case TicketDeleted():
            _remove(life, "deleted", at)
        case TicketMarkedSpam():
            _remove(life, "spam", at)
        case TicketRestored():
            if life.removal != "merged":
                life.removal, life.removed_at = "", None
        case SlaTargetApplied():
            life.targets.append(event)
        case MessageAdded() | MessageChanged() | TicketOpened():
            pass
        case _:
            assert_never(event)


def _remove(life: Life, kind: str, at: int) -> None:
    """A merge is for good; of two other removals the later names it, the earlier dates it."""
    if life.removal == "merged":
        return
    if not life.removal:
        life.removed_at = at
        life.endings.append((at, REMOVED))
    life.removal = kind


def _turn(life: Life, note: Note, to: str, custom_status: str, messages: Sequence[Message]) -> None:
    """Go to a base category. What happens to a merged ticket is not its own any more."""
    was, at = life.base, note.event.occurred_at
    life.base, life.custom_status = to, custom_status
    if to != was and life.removal != "merged":
        if to in DONE:
            life.endings.append((at, SOLVED))
            if was not in DONE and (to == "solved" or not life.solves):
                assignee = note.event.assignee_id if isinstance(note.event, TicketSolved) else None
                _solve(life, note, assignee or life.assignee_id, by_closing=to == "closed")
        elif was in DONE:
            _reopened(life, note, note.event.actor.lower(), by_message=_by_message(note, messages))
    life.closed_at = (life.closed_at if was == to else at) if to == "closed" else None


def _solve(life: Life, note: Note, assignee_id: str, *, by_closing: bool) -> None:
    life.solves.append(Solve(note, assignee_id, by_closing))


def _reopen(life: Life, note: Note, event: TicketReopened, messages: Sequence[Message]) -> None:
    """Open a solved ticket again; where a change of status has done so, only say who did it."""
    by_message = event.by_message or _by_message(note, messages)
    if life.base in DONE:
        life.base, life.custom_status, life.closed_at = "open", "", None
        if life.removal != "merged":
            _reopened(life, note, event.reopened_by or event.actor.lower(), by_message=by_message)
    elif life.solves and life.solves[-1].reopening is not None:
        solve = life.solves[-1]
        solve.reopened_by = event.reopened_by or solve.reopened_by
        solve.by_message = solve.by_message or by_message


def _reopened(life: Life, note: Note, by: str, *, by_message: bool) -> None:
    life.reopens += 1
    solve = life.solves[-1] if life.solves else None
    if solve is not None and solve.reopening is None:
        solve.reopening, solve.reopened_by, solve.by_message = note, by, by_message


def _by_message(note: Note, messages: Sequence[Message]) -> bool:
    """Whether a requester's message, and no agent, opened the ticket again."""
    return note.event.actor != "AGENT" and asked_near(messages, note.event.occurred_at)
