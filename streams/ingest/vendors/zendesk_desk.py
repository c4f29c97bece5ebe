"""What webhooks and exports of Zendesk have in common: the desk's options, its words, and whose a ticket is."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of
from streams.ingest.vendors.model import Instance
from streams.ingest.vendors.payloads import Id, id_of

STATUSES = frozenset({"NEW", "OPEN", "PENDING", "HOLD", "SOLVED", "CLOSED"})
_NO_CATEGORY = frozenset({"DELETED", "ARCHIVED", "SCRUBBED"})
"""Words of its status for what other events tell: a ticket that is deleted or put away keeps its category here."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Zendesk instance; every one may be left out.

    `channels` gives our word for a channel of Zendesk. `bots` are users through whom automations write, `agents` are
    users who are staff: exports tell of no one whether he is. A ticket with one of `test_tags` is test traffic.
    `tickets` gives the organization of tickets whose exported records come without it.

    >>> Options(channels={"voice": "phone"}, bots=("900123",), test_tags=("qa",), tickets={"146": "10001"})
    """

    channels: dict[str, str] = {}
    bots: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    test_tags: tuple[str, ...] = ()
    tickets: dict[str, str] = {}


class Ticket(msgspec.Struct, frozen=True):
    """The ticket as a payload shows it, of webhooks the `detail`; ids are texts or numbers."""

    id: Id
    organization_id: Id | None = None
    requester_id: Id | None = None
    tags: list[str] | None = None


class Desk(NamedTuple):
    """A help desk with its options."""

    instance: Instance
    options: Options

    def account(self, ticket: Ticket) -> str:
        """Return whose a ticket is: its organization's, else its requester's, else its own until somebody links it."""
        named = id_of(ticket.id)
        organization = id_of(ticket.organization_id) or self.options.tickets.get(named or "")
        requester = id_of(ticket.requester_id)
        alone = f"user/{requester}" if requester else named and f"ticket/{named}"
        return account_of(self.instance, customer=organization or alone, organization=organization)

    def event(
        self, event_type: str, ticket: Ticket, parts: tuple[object, ...], at: int, version: int, **fields: Any
    ) -> Event:
        """Return an event of a ticket; `parts` make its id, times are microseconds."""
        envelope = {
            "event_id": self.instance.event_id(*parts),
            "account_id": self.account(ticket),
            "occurred_at": at,
            "source": self.instance.source,
            "entity_version": version,
            "is_test": not set(ticket.tags or ()).isdisjoint(self.options.test_tags),
        }
        return Event(event_type, {**envelope, "ticket_id": id_of(ticket.id) or "", **fields})

    def channel(self, name: str | None) -> str:
        """Return our word for a channel of Zendesk; unknown ones are taken as they are."""
        plain = (name or "").strip().lower() or "unknown"
        return self.options.channels.get(plain) or ("zendesk_web" if plain == "web" else plain)

    def author_type(self, author: str | None, ticket: Ticket, *, is_staff: bool | None) -> str:
        """Return who an author is: a bot or an agent by the options, else by what the payload says."""
        if author is None:
            return "UNKNOWN"
        if author in self.options.bots:
            return "BOT"
        if is_staff or author in self.options.agents:
            return "AGENT"
        return "REQUESTER" if is_staff is False or author == id_of(ticket.requester_id) else "UNKNOWN"


def category_of(status: str) -> str | None:
    """Return the base category of a status; None for a word that is none, UNKNOWN for one that nobody knows."""
    word = status.strip().upper().replace("ON-HOLD", "HOLD")
    if word in _NO_CATEGORY:
        return None
    return word if word in STATUSES else "UNKNOWN"
