"""What late events, reopenings, repeated ratings and corrections changed in figures that had been published."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from streams.core.algebra import Note
from streams.core.events import MessageChanged
from streams.core.restating import LATE_AFTER, Restated, restatement
from streams.core.rows import RestatementRow
from streams.core.support.messages import Message
from streams.core.support.ticket import Ticket, fold

HOUR = 3_600_000_000
FIRST_REPLY, FULL_RESOLUTION, TICKET_CSAT = "first_reply", "full_resolution", "ticket_csat"
MOST_COMPARED = 50
"""Corrections of one ticket that are told of, the first in fold order: each costs two folds of what came before it."""


def restatements(ticket: Ticket) -> Iterator[RestatementRow]:
    """A row for each change, told by the event that caused it."""
    found = {
        (each.note.event.event_id, each.metric, each.window_at): each
        for each in (*_late(ticket, ticket.replies[:1]), *_resolutions(ticket), *_ratings(ticket), *_corrected(ticket))
    }
    return (_row(ticket, each) for each in found.values())


def late_replies(ticket: Ticket) -> Iterator[RestatementRow]:
    """The row of each late reply as if it were the first."""
    return (_row(ticket, each) for each in _late(ticket, ticket.replies))


def _row(ticket: Ticket, restated: Restated) -> RestatementRow:
    return restatement(restated, "ticket", ticket.ticket_id, is_test=ticket.is_test or restated.note.event.is_test)


def _is_late(note: Note) -> bool:
    """Whether it was stored later than two weeks after it happened; a correction is told of as one."""
    event = note.event
    return note.ingested_at - event.occurred_at > LATE_AFTER and event.corrects_event_id is None


def _hours(ticket: Ticket, at: int | None) -> float | None:
    spent = ticket.since_opened(at)
    return None if spent is None else spent / HOUR


def _late(ticket: Ticket, replies: Sequence[Message]) -> Iterator[Restated]:
    if ticket.opened is None:
        return
    for reply in replies:
        note, hours = Note(reply.added, reply.ingested_at), _hours(ticket, reply.sent_at)
        if hours is not None and _is_late(note):
            yield Restated(note, FIRST_REPLY, "", ticket.opened.occurred_at, None, hours, "late")


def _resolutions(ticket: Ticket) -> Iterator[Restated]:
    """A solve moves the full resolution into its own window; a reopening or a solve told anew takes it out of that."""
    solves = ticket.life.solves
    for solve, following in zip_longest(solves, solves[1:]):
        hours = _hours(ticket, solve.at)
        if hours is None:
            continue
        if _is_late(solve.note):
            yield Restated(solve.note, FULL_RESOLUTION, "", solve.at, None, hours, "late")
        if solve.reopening is not None:
            yield Restated(solve.reopening, FULL_RESOLUTION, "", solve.at, hours, None, "reopened")
        elif following is not None:
            yield Restated(following.note, FULL_RESOLUTION, "", solve.at, hours, None, "solved again")


def _ratings(ticket: Ticket) -> Iterator[Restated]:
    for rating in ticket.life.ratings:
        before, rated = rating.before, rating.rated
        if before is None:
            if _is_late(rating.note):
                yield Restated(rating.note, TICKET_CSAT, "", rated.occurred_at, None, rated.score, "late")
        elif before.occurred_at == rated.occurred_at:
            if before.score != rated.score:
                yield Restated(
                    rating.note, TICKET_CSAT, "", rated.occurred_at, before.score, rated.score, "rated again"
                )
        else:
            yield Restated(rating.note, TICKET_CSAT, "", before.occurred_at, before.score, None, "rated again")
            yield Restated(rating.note, TICKET_CSAT, "", rated.occurred_at, None, rated.score, "rated again")


def _corrected(ticket: Ticket) -> Iterator[Restated]:
    """What was known up to a correction or a changed message, without it and with it."""
    told = 0
    for place, note in enumerate(ticket.every):
        reason = _reason(note)
        if not reason:
            continue
        told += 1
        if told > MOST_COMPARED:
            return
        before, after = _figures(ticket.every[:place]), _figures(ticket.every[: place + 1])
        for metric, window_at in sorted(before.keys() | after.keys()):
            old, new = before.get((metric, window_at)), after.get((metric, window_at))
            if old != new:
                yield Restated(note, metric, "", window_at, old, new, reason)


def _reason(note: Note) -> str:
    event = note.event
    if event.corrects_event_id is not None:
        return "retracted" if event.is_retraction else "corrected"
    return "message changed" if isinstance(event, MessageChanged) else ""


def _figures(notes: Sequence[Note]) -> dict[tuple[str, int], float]:
    """Published figures by (metric, window) as these notes alone say them."""
    ticket = fold(notes)
    figures: dict[tuple[str, int], float] = {}
    if ticket is None or not ticket.stands or ticket.opened is None:
        return figures
    life = ticket.life
    replied = _hours(ticket, ticket.replies[0].sent_at if ticket.replies else None)
    if replied is not None:
        figures[FIRST_REPLY, ticket.opened.occurred_at] = replied
    if life.solve is not None:
        solved = _hours(ticket, life.solve.at)
        if solved is not None:
            figures[FULL_RESOLUTION, life.solve.at] = solved
    if life.rating is not None:
        figures[TICKET_CSAT, life.rating.rated.occurred_at] = life.rating.rated.score
    return figures
