"""Zendesk: event webhooks of tickets, and records of its exports (zendesk_exports.py).

A webhook's `detail` is the ticket as it stands and `event` what happened to it. What the payload calls `account_id` is
the help desk itself; ours is the ticket's organization. The parts of one update share their time, and their version is
that time plus their position.

    {"type": "zen:event-type:ticket.status_changed", "id": "01HN...", "time": "2024-04-17T17:18:10Z",
     "detail": {"id": "35436", "organization_id": "10002", "status": "PENDING", ...},
     "event": {"previous": "OPEN", "current": "PENDING", "meta": {"sequence": {"position": 2}}}}

Source: developer.zendesk.com, "Ticket events" under webhooks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors import zendesk_exports
from streams.ingest.vendors.contract import translation
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.payloads import Id, counted_name, decoded, id_of, instant, options_of, required, shaped
from streams.ingest.vendors.zendesk_desk import Desk, Options, Ticket, category_of

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance, Translation

_PREFIX = "zen:event-type:"
_POSITIONS = range(1_000_000)
"""A position is added to microseconds: more than a second of them would be another time."""
_LIFE = {
    "soft_deleted": "ticket_deleted",
    "permanently_deleted": "ticket_deleted",
    "undeleted": "ticket_restored",
    "marked_as_spam": "ticket_marked_spam",
    "csat_requested": "ticket_csat_offered",
}
"""Events that say all by their name."""


class _Via(msgspec.Struct, frozen=True):
    channel: str | None = None


class _Detail(Ticket, frozen=True):
    status: str | None = None
    custom_status: Id | None = None
    priority: str | None = None
    group_id: Id | None = None
    assignee_id: Id | None = None
    submitter_id: Id | None = None
    created_at: str | None = None
    via: _Via | None = None


class _Sequence(msgspec.Struct, frozen=True):
    position: int = 0


class _Meta(msgspec.Struct, frozen=True):
    sequence: _Sequence | None = None


class _Author(msgspec.Struct, frozen=True):
    id: Id | None = None
    is_staff: bool | None = None


class _Comment(msgspec.Struct, frozen=True):
    id: Id
    is_public: bool = True
    author: _Author = _Author()


class _Score(msgspec.Struct, frozen=True):
    score: str
    comment: Any = None


class _Told(msgspec.Struct, frozen=True):
    """What happened: of each type some of these. `current` and `previous` are the values before and after."""

    meta: _Meta | None = None
    current: Any = None
    previous: Any = None
    comment: _Comment | None = None
    satisfaction_score: _Score | None = None
    target_ticket_id: Id | None = None
    target_ticket: Ticket | None = None


class _Webhook(msgspec.Struct, frozen=True):
    type: str
    id: str
    time: str
    detail: Any = None
    event: Any = None


class _Heard(msgspec.Struct, frozen=True):
    """A webhook of a ticket, read: `at` is its time and `version` its place among others, in microseconds."""

    desk: Desk
    id: str
    detail: _Detail
    told: _Told
    at: int
    version: int

    def event(self, event_type: str, **fields: Any) -> Event:
        return self.desk.event(event_type, self.detail, (self.id,), self.at, self.version, **fields)


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return what a webhook, or a record of an export, stands for; raises NotUnderstoodError."""
    desk = Desk(instance, options_of(instance.options, Options))
    body = decoded(raw.body)
    if isinstance(body, dict) and "stream" in body:
        events, unmapped = zendesk_exports.record(desk, body)
        return translation(raw, events, unmapped)
    webhook = shaped(body, _Webhook)
    name = webhook.type.removeprefix(_PREFIX)
    found = list(_events(name, desk, webhook)) if name.startswith("ticket.") else []
    return translation(raw, found, () if found else (counted_name(name),))


def _events(name: str, desk: Desk, webhook: _Webhook) -> Iterator[Event]:
    kind = name.removeprefix("ticket.")
    if kind in _LIFE:
        yield _heard(desk, webhook).event(_LIFE[kind])
    elif (read := _READERS.get(kind)) is not None:
        yield from read(_heard(desk, webhook))


def _heard(desk: Desk, webhook: _Webhook) -> _Heard:
    told = shaped(webhook.event if webhook.event is not None else {}, _Told)
    position = told.meta.sequence.position if told.meta is not None and told.meta.sequence is not None else 0
    if position not in _POSITIONS:
        raise NotUnderstoodError("invalid_field", "event.meta.sequence.position is out of range")
    at = instant(webhook.time, "time")
    return _Heard(desk, webhook.id, shaped(webhook.detail, _Detail), told, at, at + position)


def _created(heard: _Heard) -> Iterator[Event]:
    """The ticket as it began: its status is the event's, as that of the detail may be later."""
    detail, current = heard.detail, heard.told.current
    status = current.get("status") if isinstance(current, dict) else None
    began = status if isinstance(status, str) else required(detail.status, "detail.status")
    at = heard.at if detail.created_at is None else instant(detail.created_at, "detail.created_at")
    requester, submitter = id_of(detail.requester_id), id_of(detail.submitter_id)
    fields = {
        "channel": heard.desk.channel(detail.via.channel if detail.via is not None else None),
        "requester_id": requester,
        "created_by_agent": None not in (requester, submitter) and requester != submitter,
        "priority": _word(detail.priority),
        "group_id": id_of(detail.group_id),
        "assignee_id": id_of(detail.assignee_id),
        "status": _category(began, "event.current.status"),
        "custom_status": id_of(detail.custom_status),
    }
    yield heard.desk.event("ticket_opened", detail, (heard.id,), at, heard.version, **fields)


def _comment_added(heard: _Heard) -> Iterator[Event]:
    comment = required(heard.told.comment, "event.comment")
    author = id_of(comment.author.id)
    kind = heard.desk.author_type(author, heard.detail, is_staff=comment.author.is_staff)
    message = {"message_id": id_of(comment.id) or "", "is_public": comment.is_public}
    yield heard.event("message_added", **message, author_type=kind, author_id=author)


def _comment_made_private(heard: _Heard) -> Iterator[Event]:
    comment = required(heard.told.comment, "event.comment")
    yield heard.event("message_changed", message_id=id_of(comment.id) or "", is_public=False)


def _comment_redacted(heard: _Heard) -> Iterator[Event]:
    comment = required(heard.told.comment, "event.comment")
    yield heard.event("message_changed", message_id=id_of(comment.id) or "", is_redacted=True)


def _status_changed(heard: _Heard) -> Iterator[Event]:
    """A change of category; a word such as DELETED is none, another event tells of that."""
    to, detail = category_of(_text(heard.told.current, "event.current")), heard.detail
    if to is None:
        return
    before = category_of(heard.told.previous) if isinstance(heard.told.previous, str) else None
    custom = id_of(detail.custom_status) if detail.status and category_of(detail.status) == to else None
    yield heard.event(
        "ticket_status_changed",
        from_status=before or "UNKNOWN",
        to_status=_category(to, "event.current"),
        custom_status=custom,
    )


def _custom_status_changed(heard: _Heard) -> Iterator[Event]:
    """Another status of the help desk's own, in the category that the ticket has."""
    to = category_of(required(heard.detail.status, "detail.status"))
    if to is not None:
        named = _category(to, "detail.status")
        yield heard.event("ticket_status_changed", to_status=named, custom_status=_id(heard.told.current))


def _agent_changed(heard: _Heard) -> Iterator[Event]:
    told = heard.told
    yield heard.event("ticket_assigned", from_assignee_id=_id(told.previous), assignee_id=_id(told.current))


def _group_changed(heard: _Heard) -> Iterator[Event]:
    assignee = id_of(heard.detail.assignee_id)
    yield heard.event("ticket_assigned", assignee_id=assignee, group_id=_id(heard.told.current))


def _priority_changed(heard: _Heard) -> Iterator[Event]:
    told = heard.told
    yield heard.event("ticket_priority_changed", from_priority=_word(told.previous), priority=_word(told.current))


def _merged(heard: _Heard) -> Iterator[Event]:
    told = heard.told
    target = id_of(told.target_ticket_id if told.target_ticket is None else told.target_ticket.id)
    yield heard.event("ticket_merged", target_ticket_id=required(target, "event.target_ticket_id"))


def _rated(heard: _Heard) -> Iterator[Event]:
    score = required(heard.told.satisfaction_score, "event.satisfaction_score")
    rating = zendesk_exports.rating(score.score, has_comment=bool(score.comment))
    if rating is not None:
        yield heard.event("ticket_csat_rated", **rating, assignee_id=id_of(heard.detail.assignee_id))


def _category(status: str, place: str) -> str:
    found = category_of(status)
    if found in (None, "UNKNOWN"):
        raise NotUnderstoodError("unknown_status", f"{place} is no category of statuses")
    return str(found)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise NotUnderstoodError("invalid_field", f"{place} is no text")
    return value


def _word(value: Any) -> str | None:
    return (value.strip().lower() or None) if isinstance(value, str) else None


def _id(value: Any) -> str | None:
    return id_of(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


_READERS = {
    "created": _created,
    "comment_added": _comment_added,
    "comment_made_private": _comment_made_private,
    "comment_redacted": _comment_redacted,
    "status_changed": _status_changed,
    "custom_status_changed": _custom_status_changed,
    "agent_assignment_changed": _agent_changed,
    "group_assignment_changed": _group_changed,
    "priority_changed": _priority_changed,
    "merged": _merged,
    "csat_received": _rated,
}
