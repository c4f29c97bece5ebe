"""How a ticket goes from one base category to another: solved, opened again, closed."""

from collections.abc import Sequence

from streams.core.algebra import Note
from streams.core.events import TicketReopened, TicketSolved
from streams.core.support.life import DONE, Life, Solve
from streams.core.support.messages import SOLVED, Message, asked_near


def turn(life: Life, note: Note, to: str, custom_status: str, messages: Sequence[Message]) -> None:
    """Go to a base category; being done is a solve. What happens to a merged ticket is not its own any more."""
    was, at = life.base, note.event.occurred_at
    life.base, life.custom_status = to, custom_status
    if to != was and life.removal != "merged":
        if to in DONE:
            life.endings.append((at, SOLVED))
            if was not in DONE:
                assignee = note.event.assignee_id if isinstance(note.event, TicketSolved) else None
                solved(life, note, assignee or life.assignee_id, by_closing=to == "closed")
        elif was in DONE:
            _reopened(life, note, note.event.actor.lower(), by_message=_by_message(note, messages))
    life.closed_at = (life.closed_at if was == to else at) if to == "closed" else None


def solved(life: Life, note: Note, assignee_id: str, *, by_closing: bool) -> None:
    """Add a solve; where it was a solve already, an answer given anew."""
    at = note.event.occurred_at
    if life.solves:
        before = life.solves[-1]
        at = max(at, before.at, before.reopened_at or 0)
    life.solves.append(Solve(note, at, assignee_id, by_closing))


def reopen(life: Life, note: Note, event: TicketReopened, messages: Sequence[Message]) -> None:
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
