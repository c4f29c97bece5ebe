"""Messages of a ticket as they stand: who replied, who waited for it, and how each wait ended."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

import msgspec

from streams.core.algebra import Note
from streams.core.events import MessageAdded, MessageChanged

REPLY, SOLVED, REMOVED = "reply", "solved", "removed"
SAME_UPDATE = 1_000_000
"""A change within a second of a message came of it: sources date the parts of one update alike, or nearly so."""


class Message(msgspec.Struct, gc=False):
    """One message; `sent_at` in microseconds, `is_public` and `is_redacted` as last told of."""

    added: MessageAdded
    ingested_at: int
    sent_at: int
    is_public: bool
    is_redacted: bool = False

    @property
    def by_requester(self) -> bool:
        return self.is_public and self.added.author_type == "REQUESTER"

    @property
    def by_agent(self) -> bool:
        """Whether it is a human agent's that the requester sees."""
        return self.is_public and self.added.author_type == "AGENT"


class Ask(msgspec.Struct, gc=False):
    """A requester's wait, from the oldest unanswered message on; `ended_by` is empty while it lasts."""

    asked_at: int
    ended_at: int | None = None
    ended_by: str = ""
    agent_id: str = ""


def messages_of(standing: Sequence[Note], timeline: Sequence[Note]) -> Sequence[Message]:
    """Messages in order of time. One told of twice is as its last note in fold order says; changes come on top."""
    found: dict[str, Message] = {}
    changes = False
    for note in standing:
        event = note.event
        if isinstance(event, MessageAdded):
            found[event.message_id] = Message(event, note.ingested_at, event.occurred_at, event.is_public)
        elif isinstance(event, MessageChanged):
            changes = True
    if changes:
        _change(found, timeline)
    return sorted(found.values(), key=attrgetter("sent_at")) if found else ()


def _change(found: dict[str, Message], timeline: Sequence[Note]) -> None:
    for note in timeline:
        event = note.event
        if not isinstance(event, MessageChanged) or event.message_id not in found:
            continue
        message = found[event.message_id]
        if event.is_public is not None:
            message.is_public = event.is_public
        message.is_redacted = message.is_redacted or event.is_redacted


def replies_of(messages: Sequence[Message], by_agent_at: int | None) -> Sequence[Message]:
    """Public messages of human agents; the one that opens a ticket is none.

    `by_agent_at` is when an agent opened the ticket, None where none did. What opens it is the first public message and
    part of the same update: a call, a note or a bot may have opened it, and then the first one is a reply.
    """
    replies = [message for message in messages if message.by_agent]
    if by_agent_at is not None and replies and replies[0].sent_at <= by_agent_at + SAME_UPDATE:
        first = next(message for message in messages if message.is_public)
        if first is replies[0]:
            del replies[0]
    return replies


def turns(replies: Sequence[Message]) -> int:
    """How often agents replied: replies of one messaging session are one."""
    sessions = {reply.added.session_id for reply in replies if reply.added.session_id is not None}
    return len(sessions) + sum(reply.added.session_id is None for reply in replies)


def asks_of(messages: Sequence[Message], endings: Sequence[tuple[int, str]]) -> Sequence[Ask]:
    """Waits in order of time. `endings` are (moment, why) in order of time; at one moment messages come first."""
    asks: list[Ask] = []
    waiting: Ask | None = None
    for message, end in _merged(messages, endings):
        if message is None:
            if waiting is not None and end is not None:
                waiting.ended_at, waiting.ended_by = end
                waiting = None
        elif message.by_requester:
            if waiting is None:
                waiting = Ask(message.sent_at)
                asks.append(waiting)
        elif message.by_agent and waiting is not None:
            waiting.ended_at, waiting.ended_by = message.sent_at, REPLY
            waiting.agent_id = message.added.author_id or ""
            waiting = None
    return asks


def _merged(
    messages: Sequence[Message], endings: Sequence[tuple[int, str]]
) -> Iterator[tuple[Message | None, tuple[int, str] | None]]:
    place = 0
    for message in messages:
        while place < len(endings) and endings[place][0] < message.sent_at:
            yield None, endings[place]
            place += 1
        yield message, None
    for ending in endings[place:]:
        yield None, ending


def asked_near(messages: Sequence[Message], at: int) -> bool:
    """Whether a requester's message was sent within a second of a moment."""
    place = bisect_left(messages, at - SAME_UPDATE, key=attrgetter("sent_at"))
    for message in messages[place:]:
        if message.sent_at > at + SAME_UPDATE:
            return False
        if message.by_requester:
            return True
    return False
