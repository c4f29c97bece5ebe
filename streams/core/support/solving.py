"""Moves of a ticket from one base category to another: solved, opened again, closed."""

from streams.core.algebra import RecordedEvent
from streams.core.events import TicketReopened, TicketSolved
from streams.core.support.life import DONE, Life, Solve
from streams.core.support.messages import SAME_UPDATE, SOLVED
from streams.core.support.ticket import Ticket


def turn(ticket: Ticket, recorded: RecordedEvent, to: str, custom_status: str) -> None:
    """Go to a base category; being done is a solve. What happens to a merged ticket is not its own any more."""
    life = ticket.life
    was, event, at = life.base, recorded.event, recorded.event.occurred_at
    life.base, life.custom_status = to, custom_status
    if to != was and life.removal != "merged":
        if to in DONE:
            ticket.talk.end_at(at, SOLVED)
            if was not in DONE:
                assignee = event.assignee_id if isinstance(event, TicketSolved) else None
                solved(life, at, assignee or life.assignee_id, by_closing=to == "closed")
        elif was in DONE:
            _reopened(ticket, recorded, event.actor.lower(), by_message=False)
    life.closed_at = (life.closed_at if was == to else at) if to == "closed" else None


def solved(life: Life, at: int, assignee_id: str, *, by_closing: bool) -> None:
    """Add a solve; where it was a solve already, an answer given anew."""
    before, ordinal = life.solve, 1
    if before is None:
        life.first_solved_at = at
    else:
        ordinal, at = before.ordinal + 1, max(at, before.at, before.reopened_at or 0)
        life.earlier.append(before)
    life.solve = Solve(ordinal, at, assignee_id, by_closing)


def reopen(ticket: Ticket, recorded: RecordedEvent, event: TicketReopened) -> None:
    """Open a solved ticket again; where a change of status has done so, only say who did it."""
    life = ticket.life
    solve = life.solve
    if life.base in DONE:
        life.base, life.custom_status, life.closed_at = "open", "", None
        if life.removal != "merged":
            _reopened(ticket, recorded, event.reopened_by or event.actor.lower(), by_message=event.by_message)
    elif solve is not None and solve.reopened_at is not None:
        solve.reopened_by = event.reopened_by or solve.reopened_by
        _hear(ticket, solve, recorded, by_message=event.by_message)


def _reopened(ticket: Ticket, recorded: RecordedEvent, by: str, *, by_message: bool) -> None:
    life, solve = ticket.life, ticket.life.solve
    life.reopens += 1
    if solve is not None and solve.reopened_at is None:
        solve.reopened_at, solve.reopened_by = max(solve.at, recorded.event.occurred_at), by
        if life.first_reopened_at is None:
            life.first_reopened_at = solve.reopened_at
        _hear(ticket, solve, recorded, by_message=by_message)


def _hear(ticket: Ticket, solve: Solve, recorded: RecordedEvent, *, by_message: bool) -> None:
    """Learn from an event whether a requester's message, and no agent, opened the ticket again."""
    event, asked_at = recorded.event, ticket.talk.asked_at
    if event.actor != "AGENT":
        solve.heard_at = event.occurred_at
        by_message = by_message or (asked_at is not None and event.occurred_at - asked_at <= SAME_UPDATE)
    solve.by_message = solve.by_message or by_message


def hear_message(life: Life, at: int) -> None:
    """Learn that a requester wrote at a moment: reopenings of the second before it came of that."""
    for solve in (*life.earlier, life.solve) if life.solve is not None else ():
        if solve.heard_at is not None and at - solve.heard_at <= SAME_UPDATE:
            solve.by_message = True


def decided(life: Life, at: int) -> list[Solve]:
    """Take those solves before the last one of which no message from a moment on says anything."""
    found = [
        each for each in life.earlier if each.heard_at is None or each.by_message or at - each.heard_at > SAME_UPDATE
    ]
    if found:
        life.earlier = [each for each in life.earlier if each not in found]
    return found
