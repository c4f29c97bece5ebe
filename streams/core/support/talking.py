"""Messages told in order of time: what each says, whom it answers, who waits from then on."""

from streams.core.algebra import RecordedEvent
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs, Scope
from streams.core.support import signs, sla, ticket_rows
from streams.core.support.messages import REMOVED, REPLY, Ending, Wait, message_of
from streams.core.support.solving import hear_message
from streams.core.support.ticket import Ticket


def take_message(ticket: Ticket, recorded: RecordedEvent, scope: Scope, sealed: Outputs | None) -> None:
    """Apply a message, with what has changed it."""
    talk, opened, message = ticket.talk, ticket.opened, message_of(recorded)
    at = message.added.occurred_at
    by_agent_at = opened.occurred_at if opened is not None and opened.created_by_agent else None
    talk.count(message, by_agent_at, ticket.members)
    ticket.spans.is_told = True
    if sealed is not None:
        sealed.rows.append(ticket_rows.message_row(ticket, message, scope.rules))
    if message.by_requester:
        hear_message(ticket.life, at)
        if talk.waiting is None:
            _wait(ticket, at)
    elif message.by_agent and talk.waiting is not None:
        end_wait(ticket, Ending(at, REPLY), scope, sealed, message.added.author_id or "")
        touched = signs.touched(ticket, at, message.added.event_id)
        if touched is not None and sealed is not None:
            hand_over((touched,), sealed)


def _wait(ticket: Ticket, at: int) -> None:
    """Begin a wait. After the first reply it has a clock of its own; the wait before that is the first reply's."""
    talk = ticket.talk
    talk.waits += 1
    talk.waiting = Wait(talk.waits, at)
    if ticket.opened is not None and talk.replied_at is not None and at > talk.replied_at:
        sla.ask(ticket.clocks, ticket.spans.at)


def end_wait(ticket: Ticket, ending: Ending, scope: Scope, sealed: Outputs | None, agent_id: str = "") -> None:
    """End the wait that lasts."""
    waiting = ticket.talk.waiting
    assert waiting is not None
    ticket.talk.waiting = None
    ticket.spans.is_told = True
    sla.answer(ticket.clocks, ending.at, is_kept=ending.ended_by != REMOVED)
    if sealed is not None:
        sealed.rows.append(ticket_rows.wait_row(ticket, waiting, scope.rules, ending, agent_id))
