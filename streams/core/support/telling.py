"""A ticket's events told in order of time, which make its life.

The opening comes first whatever its clock says; what is dated before it counts from there, and the ticket is flagged.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import assert_never

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
from streams.core.support.life import DONE, Escalation, Life, Rating, Span, Standing
from streams.core.support.messages import REMOVED, SOLVED, Message
from streams.core.support.solving import reopen, solved, turn


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
    life.endings.sort(key=itemgetter(0))
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
        solved(life, said, life.assignee_id, by_closing=life.base == "closed")
        life.endings.append((opened.occurred_at, SOLVED))
    _span(life, opened.occurred_at)


def _span(life: Life, at: int) -> None:
    """Begin a span where something changed; one that would have no length is overwritten."""
    now = Standing(life.status, life.custom_status, life.assignee_id, life.priority, life.group_id, life.topic)
    spans = life.spans
    if not spans:
        spans.append(Span(at, now))
        return
    last = spans[-1]
    if last.standing == now:
        return
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
            turn(life, note, event.to_status.lower(), event.custom_status or "", messages)
        case TicketSolved():
            if life.base not in DONE:
                turn(life, note, "solved", "", messages)
            elif life.base == "solved" and not life.removal and life.solves and at > life.solves[-1].at:
                # An answer given anew to what was solved; no change of status.
                solved(life, note, event.assignee_id or life.assignee_id, by_closing=False)
        case TicketReopened():
            reopen(life, note, event, messages)
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
