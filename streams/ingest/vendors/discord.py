"""Discord: threads and forum posts as tickets, what is written in them as messages; a lock is a solve, an archive none.

A body is a dispatch of the gateway, or a webhook event. Whoever reads the gateway may put the thread beside a dispatch,
which says that the channel of a message is one.

    gateway  {"op": 0, "t": "MESSAGE_CREATE", "s": 42, "d": {"id": ..., "channel_id": ..., "author": {...}},
              "thread": {"id": ..., "guild_id": ..., "owner_id": ..., "thread_metadata": {...}}}
    webhook  {"version": 1, "type": 1, "event": {"type": "LOBBY_MESSAGE_CREATE", "timestamp": ..., "data": {...}}}

All that happens in a thread goes to one account: what the options say of the channel, else that of the server (guild),
else the thread waits under its own id. A message does not say who began the thread, so the owner decides nothing.
Texts are not kept. Ids tell when a thing was made: their upper 42 bits are milliseconds since 2015.

Source: discord.com/developers/docs, "Gateway events", "Channel" and "Webhook events".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of
from streams.ingest.vendors.contract import translation
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.payloads import Id, counted_name, decoded, id_of, instant, options_of, required, shaped

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance, Translation

_FIRST_MS = 1_420_070_400_000
"""Midnight of 2015-01-01 in UTC, where Discord's ids begin to count milliseconds."""
_MOST = 2**63
_LONGEST = 19
_DISPATCH, _PING, _EVENT = 0, 0, 1
_CREATED = ("MESSAGE_CREATE", "GAME_DIRECT_MESSAGE_CREATE", "LOBBY_MESSAGE_CREATE")
_DELETED = ("MESSAGE_DELETE", "GAME_DIRECT_MESSAGE_DELETE", "LOBBY_MESSAGE_DELETE")
_EDITED = ("MESSAGE_UPDATE", "GAME_DIRECT_MESSAGE_UPDATE", "LOBBY_MESSAGE_UPDATE")
"""What is edited keeps its place, and no text is kept."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Discord application.

    `channels` gives the account of threads, and of channels whose messages are a ticket of their own. `agents` are
    users of ours, `agent_roles` roles that only they have. Where either is given, whoever is none of them asks; else
    nobody knows who anybody is.

    >>> Options(channels={"41771983423143937": "acme"}, agents=("80351110224678912",))
    """

    channels: dict[str, str] = {}
    agents: tuple[str, ...] = ()
    agent_roles: tuple[str, ...] = ()


class _Metadata(msgspec.Struct, frozen=True):
    archived: bool = False
    locked: bool = False
    archive_timestamp: str | None = None


class _Thread(msgspec.Struct, frozen=True):
    id: Id
    guild_id: Id | None = None
    owner_id: Id | None = None
    last_message_id: Id | None = None
    thread_metadata: _Metadata | None = None


class _Author(msgspec.Struct, frozen=True):
    id: Id | None = None
    bot: bool = False


class _Member(msgspec.Struct, frozen=True):
    roles: list[str] | None = None


class _Message(msgspec.Struct, frozen=True):
    """A message, without its text: `content` only tells whether there is one. `position` is one in a thread."""

    id: Id
    channel_id: Id | None = None
    guild_id: Id | None = None
    author: _Author | None = None
    member: _Member | None = None
    timestamp: str | None = None
    content: str = ""
    attachments: list[Any] | None = None
    position: int | None = None


class _Told(msgspec.Struct, frozen=True):
    """One thing that happened: `at` is when, of webhooks, `thread` is what its reader put beside it."""

    kind: str
    data: Any
    at: int | None = None
    thread: _Thread | None = None


class _Dispatch(msgspec.Struct, frozen=True):
    op: int
    t: str | None = None
    d: Any = None
    thread: _Thread | None = None


class _WebhookEvent(msgspec.Struct, frozen=True):
    type: str
    timestamp: str
    data: Any = None


class _Webhook(msgspec.Struct, frozen=True):
    type: int
    event: _WebhookEvent | None = None


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return what a dispatch or a webhook event stands for; raises NotUnderstoodError."""
    told = _told(decoded(raw.body))
    if told is None:
        return translation(raw, ())
    found = list(_events(told, raw, instance, options_of(instance.options, Options)))
    quiet = found or told.kind in _EDITED
    return translation(raw, found, () if quiet else (counted_name(told.kind),))


def _told(body: Any) -> _Told | None:
    """Return what a body tells; None where it only keeps the connection."""
    if isinstance(body, dict) and "op" in body:
        dispatch = shaped(body, _Dispatch)
        if dispatch.op != _DISPATCH:
            return None
        return _Told(required(dispatch.t, "t"), dispatch.d, None, dispatch.thread)
    webhook = shaped(body, _Webhook)
    if webhook.type == _PING:
        return None
    if webhook.type != _EVENT:
        raise NotUnderstoodError("invalid_field", "the type of the webhook is none that is known")
    event = required(webhook.event, "event")
    return _Told(event.type, event.data, instant(event.timestamp, "event.timestamp", zone_is_utc=True))


def _events(told: _Told, raw: Raw, instance: Instance, options: Options) -> Iterator[Event]:
    if told.kind in _CREATED:
        yield from _written(told, instance, options)
    elif told.kind in _DELETED:
        yield from _removed(told, instance, options)
    elif told.kind in ("THREAD_CREATE", "THREAD_UPDATE"):
        yield from _thread(shaped(told.data, _Thread), instance, options)
    elif told.kind == "THREAD_DELETE":
        thread = shaped(told.data, _Thread)
        # Nothing says when: it was a moment before it was received.
        yield _event("ticket_deleted", thread, ("deleted", thread.id), raw.received_at, instance, options)


def _thread(thread: _Thread, instance: Instance, options: Options) -> Iterator[Event]:
    """A thread as it stands: begun, and locked or opened again. It archives itself when nobody writes: no solve."""
    begun, held = made_at(thread.id, "d.id"), thread.thread_metadata or _Metadata()
    owner = id_of(thread.owner_id)
    yield _event(
        "ticket_opened", thread, ("thread", thread.id), begun, instance, options, channel="discord", requester_id=owner
    )
    if held.archive_timestamp is None:
        return
    moved = instant(held.archive_timestamp, "d.thread_metadata.archive_timestamp", zone_is_utc=True)
    if held.locked:
        # A lock that does not archive has no time: it came after the last message.
        last = made_at(thread.last_message_id, "d.last_message_id") if id_of(thread.last_message_id) else begun
        at = moved if held.archived else max(moved, last)
        yield _event("ticket_solved", thread, ("locked", thread.id, at), at, instance, options, entity_version=at + 1)
    elif not held.archived and moved > begun:
        # Open again since then; of a thread that nobody had locked this says nothing new.
        yield _event(
            "ticket_reopened", thread, ("opened", thread.id, moved), moved, instance, options, entity_version=moved
        )


def _written(told: _Told, instance: Instance, options: Options) -> Iterator[Event]:
    message = shaped(told.data, _Message)
    thread = _thread_of(message, told, options)
    if thread is None:
        return
    made = made_at(message.id, "d.id")
    at = made if message.timestamp is None else instant(message.timestamp, "d.timestamp", zone_is_utc=True)
    author = message.author or _Author()
    fields = {
        "message_id": id_of(message.id),
        "author_type": _author_type(author, message.member, options),
        "author_id": id_of(author.id),
        # Without leave to read messages their content is empty: only an attachment alone is surely without text.
        "has_text": bool(message.content) or not message.attachments,
    }
    yield _event("message_added", thread, ("message", message.id), at, instance, options, **fields)


def _removed(told: _Told, instance: Instance, options: Options) -> Iterator[Event]:
    """A message that was deleted; what was said in time stays said. The gateway does not say when: with the message."""
    message = shaped(told.data, _Message)
    thread = _thread_of(message, told, options)
    if thread is not None:
        at = made_at(message.id, "d.id") if told.at is None else told.at
        gone = {"message_id": id_of(message.id), "is_redacted": True}
        yield _event("message_changed", thread, ("removed", message.id), at, instance, options, **gone)


def _thread_of(message: _Message, told: _Told, options: Options) -> _Thread | None:
    """Return the thread that a message is in; None for a channel that nobody calls one."""
    channel = id_of(message.channel_id)
    if told.thread is not None:
        if id_of(told.thread.id) != channel:
            raise NotUnderstoodError("invalid_field", "the thread beside the message is not the message's")
        return told.thread
    if channel is None or (channel not in options.channels and message.position is None):
        return None
    return _Thread(channel, message.guild_id)


def _author_type(author: _Author, member: _Member | None, options: Options) -> str:
    named = id_of(author.id)
    if author.bot:
        return "BOT"
    if named is None or not (options.agents or options.agent_roles):
        return "UNKNOWN"
    roles = (member.roles if member is not None else None) or ()
    return "AGENT" if named in options.agents or set(roles) & set(options.agent_roles) else "REQUESTER"


def _event(
    event_type: str,
    thread: _Thread,
    parts: tuple[object, ...],
    at: int,
    instance: Instance,
    options: Options,
    **fields: Any,
) -> Event:
    named, guild = id_of(thread.id), id_of(thread.guild_id)
    envelope = {
        "event_id": instance.event_id(*parts),
        "account_id": options.channels.get(named or "") or account_of(instance, customer=named, organization=guild),
        "occurred_at": at,
        "source": instance.source,
    }
    return Event(event_type, {**envelope, "ticket_id": named or "", **fields})


def made_at(snowflake: Id | None, place: str) -> int:
    """Return the microseconds at which the thing of an id was made; raises NotUnderstoodError for no such id."""
    text = id_of(snowflake) or ""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST and int(text) < _MOST):
        raise NotUnderstoodError("invalid_field", f"{place} is no id of Discord")
    return ((int(text) >> 22) + _FIRST_MS) * 1_000
