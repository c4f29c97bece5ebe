"""Messages of a ticket as they stand: who replied, who waits for it."""

from operator import attrgetter
from typing import NamedTuple

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.events import MessageAdded, MessageChanged
from streams.core.members import Members

REPLY, SOLVED, REMOVED = "reply", "solved", "removed"
_AGENT, _SESSION = b"a", b"s"
SAME_UPDATE = 1_000_000
"""A change within a second of a message came of it: sources date the parts of one update alike, or nearly so."""


class Message(NamedTuple):
    """One message, as the events that changed it leave it."""

    added: MessageAdded
    is_public: bool
    is_redacted: bool

    @property
    def by_requester(self) -> bool:
        return self.is_public and self.added.author_type == "REQUESTER"

    @property
    def by_agent(self) -> bool:
        """Return whether it is a human agent's that the requester sees."""
        return self.is_public and self.added.author_type == "AGENT"


def message_of(recorded: RecordedEvent) -> Message:
    """Return a message as it was last told of. It stays redacted; what was said last of whether it is public holds."""
    added: MessageAdded = recorded.event  # type: ignore[assignment] # told by its type
    is_public, is_redacted = added.is_public, False
    for patch in recorded.patches:
        change: MessageChanged = patch.event  # type: ignore[assignment] # nothing else changes a message
        is_public = is_public if change.is_public is None else change.is_public
        is_redacted = is_redacted or change.is_redacted
    return Message(added, is_public, is_redacted)


class Wait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A requester's wait, from the oldest unanswered message on."""

    number: int
    asked_at: int


class Ending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A moment at which unanswered messages stop waiting, and why."""

    at: int
    ended_by: str


class Talk(msgspec.Struct, array_like=True, gc=False):
    """Messages so far, and what they are waiting for.

    `agents` counts human agents who wrote, one without a name as one; `turns` counts public replies, those of one
    messaging session once. `endings` are at most two: that of the moment which lasts, and that of a ticket that began
    as done. `touched_on` is the day (UTC, since 1970) of the last reply to somebody who waited.
    """

    messages: int = 0
    asked: int = 0
    asked_at: int | None = None
    has_public: bool = False
    replied_at: int | None = None
    agents: int = 0
    turns: int = 0
    waits: int = 0
    waiting: Wait | None = None
    endings: list[Ending] = msgspec.field(default_factory=list)
    touched_on: int = -1

    def count(self, message: Message, opened_by_agent_at: int | None, names: Members) -> None:
        """Count a message in; see `_opens` for `opened_by_agent_at`. `names` are those that were counted before."""
        added = message.added
        self.messages += 1
        if added.author_type == "AGENT":
            self.agents += _is_new(names, _AGENT, added.author_id or "")
        if message.by_requester:
            self.asked += 1
            self.asked_at = added.occurred_at
        elif message.by_agent and not self._opens(added.occurred_at, opened_by_agent_at):
            self.replied_at = added.occurred_at if self.replied_at is None else self.replied_at
            self.turns += added.session_id is None or _is_new(names, _SESSION, added.session_id)
        self.has_public = self.has_public or message.is_public

    def _opens(self, at: int, by_agent_at: int | None) -> bool:
        """Return whether an agent's public message is what opened the ticket, and so no reply.

        `by_agent_at` is when an agent opened the ticket, None where none did. What opens it is the first public message
        and part of the same update: a call, a note or a bot may have opened it, and then the first one is a reply.
        """
        return by_agent_at is not None and not self.has_public and at <= by_agent_at + SAME_UPDATE

    def end_at(self, at: int, ended_by: str) -> None:
        """Let what is unanswered at a moment wait no longer. Of several endings of one moment the first one counts."""
        if all(ending.at != at for ending in self.endings):
            self.endings.append(Ending(at, ended_by))

    def ended_before(self, at: int) -> list[Ending]:
        """Take the endings of moments that are over."""
        over = sorted((each for each in self.endings if each.at < at), key=attrgetter("at"))
        if over:
            self.endings = [each for each in self.endings if each.at >= at]
        return over


def _is_new(names: Members, kind: bytes, name: str) -> bool:
    """Return whether a name of a kind comes for the first time."""
    count, key = len(names), kind + name.encode()
    names.put(key, 1)
    return len(names) > count
