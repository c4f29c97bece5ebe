"""What a ticket adds to the sums behind metrics, and the messages that change none of it."""

from collections import Counter
from collections.abc import Callable, Sequence

from streams.core.algebra import Note
from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.events import (
    MessageAdded,
    MessageChanged,
    SlaTargetApplied,
    TicketCsatOffered,
    TicketOpened,
    TicketPriorityChanged,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
)
from streams.core.support.life import DONE
from streams.core.support.messages import SAME_UPDATE, turns
from streams.core.support.ticket import Ticket

HOUR = 3_600_000_000
DAY = 24 * HOUR
_ONE: Measure = (ONE, ONE, None)
_OPEN: Measure = (0, ONE, None)


def measures(ticket: Ticket | None) -> Measures:
    """Return the ticket's part of each metric, as the facts of that metric count it."""
    if ticket is None or not ticket.stands or ticket.is_test or ticket.life.removed_at is not None:
        return NO_MEASURES
    found: dict[Key, Measure] = {}
    if ticket.opened is not None:
        _from_start(found, ticket, ticket.opened)
        _solved(found, ticket)
    _rated(found, ticket)
    return found


def _from_start(found: dict[Key, Measure], ticket: Ticket, opened: TicketOpened) -> None:
    """What belongs to the window in which the ticket was opened.

    The person of `topic_volume` is who asked: whoever asks about the same again was not helped at the first contact.
    """
    life, begin = ticket.life, opened.occurred_at
    found["channel_mix", opened.channel, begin, ""] = _ONE
    found["topic_volume", life.topic, begin, opened.requester_id or ""] = _ONE if life.topic else _OPEN
    escalated = bool(life.escalations)
    found["escalation_rate", "", begin, ""] = (ONE * escalated, ONE, float(escalated))
    if ticket.replies:
        _spent(found, ticket, "first_reply", begin, ticket.replies[0].sent_at)
    if life.first_assigned_at is not None:
        _spent(found, ticket, "first_assignment", begin, max(life.first_assigned_at, begin))


def _solved(found: dict[Key, Measure], ticket: Ticket) -> None:
    """What belongs to the window of a solve.

    The item of a reopened one is the least horizon in days that it came in, so that none has a say in the log. What
    that takes from `fcr` is a row of its own, so that of either the sum over items up to a horizon is its numerator.
    """
    life = ticket.life
    if not life.solves:
        return
    first = life.solves[0].at
    touch = turns(ticket.replies) == 1 and all(solve.reopening is None for solve in life.solves)
    found["one_touch_rate", "", first, ""] = (ONE * touch, ONE, float(touch))
    again = min((at for solve in life.solves if (at := solve.reopened_at) is not None), default=None)
    item = "" if again is None else str(-((first - again) // DAY))
    found["reopen_rate", item, first, ""] = (ONE * (again is not None), ONE, float(again is not None))
    once = asked(ticket) <= 1
    found["fcr", "", first, ""] = (ONE * once, ONE, float(once))
    if once and again is not None:
        found["fcr", item, first, ""] = (-ONE, 0, None)
    _spent(found, ticket, "first_resolution", first, first)
    if life.solve is not None:
        _spent(found, ticket, "full_resolution", life.solve.at, life.solve.at)


def asked(ticket: Ticket) -> int:
    """Return how many messages the requester wrote."""
    return sum(message.by_requester for message in ticket.messages)


def _rated(found: dict[Key, Measure], ticket: Ticket) -> None:
    rating, offered_at = ticket.life.rating, ticket.life.offered_at
    if rating is not None:
        at = rating.rated.occurred_at if offered_at is None else offered_at
        found["ticket_csat_response_rate", "", at, ""] = _ONE
    elif offered_at is not None:
        found["ticket_csat_response_rate", "", offered_at, ""] = _OPEN
    if rating is not None and rating.rated.positive_from is not None:
        rated = rating.rated
        positive = rated.score >= rating.rated.positive_from
        found["ticket_csat", "", rated.occurred_at, ""] = (ONE * positive, ONE, rated.score)


def _spent(found: dict[Key, Measure], ticket: Ticket, metric: str, window_at: int, until: int) -> None:
    """Time since the start: the numerator in seconds, as people read it in hours; none where it would be negative."""
    spent = ticket.since_opened(until)
    if spent is not None:
        found[metric, "", window_at, ""] = (spent, ONE, spent / HOUR)


Quiet = Callable[[Note], bool]
_UNMEASURED = (SlaTargetApplied, TicketPriorityChanged)
"""Events that no measure follows from."""


def counts(note: Note) -> bool:
    """Return whether a fold may be needed for the event alone.

    A message needs none, nor does a status that does not end the ticket, unless it corrects something. One that opens
    the ticket again needs one: there are as many of these as there are ends, which count.
    """
    event = note.event
    if event.corrects_event_id is not None:
        return True
    if isinstance(event, TicketStatusChanged):
        return event.to_status.lower() in DONE
    return not isinstance(event, (MessageAdded, *_UNMEASURED))


def plain(notes: Sequence[Note]) -> Quiet:
    """Return what tells of these notes, in whatever order they become known, which change no measure for sure.

    A message that is no reply of a person's and is told of once changes none, unless an agent opened the ticket: then a
    public one may come before what opened it; or unless something ends it: then a requester's may be one too many.
    """
    named = Counter(note.event.message_id for note in notes if isinstance(note.event, (MessageAdded, MessageChanged)))
    by_agent = any(isinstance(note.event, TicketOpened) and note.event.created_by_agent for note in notes)
    some = {"AGENT", "REQUESTER"} if any(_ends(note) for note in notes) else {"AGENT"}

    def changes_nothing(note: Note) -> bool:
        event = note.event
        if event.corrects_event_id is not None or event.is_test:
            return False
        if not isinstance(event, MessageAdded):
            return isinstance(event, _UNMEASURED)
        shown = event.is_public and (by_agent or event.author_type in some)
        return not shown and named[event.message_id] == 1

    return changes_nothing


def _ends(note: Note) -> bool:
    event = note.event
    if isinstance(event, TicketStatusChanged):
        return event.to_status.lower() in DONE
    return isinstance(event, TicketSolved) or (isinstance(event, TicketOpened) and event.status.lower() in DONE)


def quiet(ticket: Ticket | None) -> Quiet | None:
    """Return what tells of the next messages that they change no measure of the ticket; None where all may.

    A message changes none where it is no reply of a person's, or where two came before it; if an agent opened the
    ticket, it must not come before what opened it. A requester's changes none while nothing has ended the ticket, nor
    once there were two. A status changes none that comes last, of a ticket that is not done, and does not end it; nor
    does a topic that comes last and is the one it has, nor another offer to rate it.
    """
    if ticket is None or not ticket.stands or ticket.opened is None:
        return None
    done, latest = ticket.life.base in DONE, max(note.event.occurred_at for note in ticket.every)
    names = {note.event.message_id for note in ticket.every if isinstance(note.event, (MessageAdded, MessageChanged))}
    by_agent = ticket.opened.created_by_agent
    since = ticket.opened.occurred_at + SAME_UPDATE
    replied_at = ticket.replies[0].sent_at if turns(ticket.replies) > 1 else None
    listens = bool(ticket.life.solves) and asked(ticket) <= 1
    topic, offered_at = ticket.life.topic, ticket.life.offered_at

    def changes_nothing(note: Note) -> bool:
        event = note.event
        if event.corrects_event_id is not None or event.is_test:
            return False
        if isinstance(event, TicketStatusChanged):
            return not done and event.to_status.lower() not in DONE and event.occurred_at > latest
        if isinstance(event, TicketTopicSet):
            return (event.topic or "") == topic and event.occurred_at > latest
        if isinstance(event, TicketCsatOffered):
            return offered_at is not None and event.occurred_at >= offered_at
        if not isinstance(event, MessageAdded):
            return isinstance(event, _UNMEASURED)
        if event.message_id in names or (by_agent and event.is_public and event.occurred_at <= since):
            return False
        if event.is_public and event.author_type == "AGENT" and (replied_at is None or event.occurred_at <= replied_at):
            return False
        if listens and event.is_public and event.author_type == "REQUESTER":
            return False
        names.add(event.message_id)
        return True

    return changes_nothing
