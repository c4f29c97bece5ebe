"""Records of Zendesk's exports: ratings, comments, and the ticket metric events with the targets of its own SLA.

A record stands in the envelope that readers of exports write. It names a ticket by its id alone; `ticket` may be put
beside it, as a look-up at the source gives it, and says whose the ticket is.

    {"stream": "ticket_metric_events", "data": {"id": 126, "ticket_id": 1, "metric": "reply_time", "instance_id": 1,
     "type": "apply_sla", "time": "2024-07-19T00:59:21Z",
     "sla": {"target": 300, "target_in_seconds": 18000, "business_hours": false, "policy": {"id": 3}}},
     "ticket": {"id": 1, "organization_id": 10001, "requester_id": 361}}

A rating is changed in place, so each of its states is an event, with the rating's update time as its version. Of the
metric events only targets become events: the clocks are counted here, from the ticket's own story.

Source: developer.zendesk.com, "Incremental exports" and "Ticket metric event types".
"""

from __future__ import annotations

from typing import Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.payloads import Id, counted_name, id_of, instant, shaped
from streams.ingest.vendors.zendesk_desk import Desk, Ticket

Found = tuple[list[Event], list[str]]
_METRICS = {
    "reply_time": "first_reply",
    "resolution_time": "resolution",
    "total_resolution_time": "resolution",
    "requester_wait_time": "requester_wait",
    "agent_work_time": "agent_work",
}
_SCORES = {"good": 1.0, "bad": 0.0}


class _Record(msgspec.Struct, frozen=True):
    stream: str
    data: Any
    ticket: Ticket | None = None


class _Rating(msgspec.Struct, frozen=True):
    id: Id
    ticket_id: Id
    score: str
    updated_at: str
    requester_id: Id | None = None
    assignee_id: Id | None = None
    comment: Any = None


class _Via(msgspec.Struct, frozen=True):
    channel: str | None = None


class _Comment(msgspec.Struct, frozen=True):
    id: Id
    ticket_id: Id
    created_at: str
    public: bool
    author_id: Id | None = None
    via: _Via | None = None


class _Policy(msgspec.Struct, frozen=True):
    id: Id | None = None


class _Sla(msgspec.Struct, frozen=True):
    """A target: `target` in minutes, and in seconds where the help desk says so."""

    target: int | None = None
    target_in_seconds: int | None = None
    business_hours: bool = False
    policy: _Policy | None = None


class _MetricEvent(msgspec.Struct, frozen=True):
    id: Id
    ticket_id: Id
    metric: str
    instance_id: int
    type: str
    time: str
    deleted: bool | None = None
    sla: _Sla | None = None


def record(desk: Desk, body: Any) -> Found:
    """Return the events of a record, and the names of what no one maps."""
    found = shaped(body, _Record)
    match found.stream:
        case "satisfaction_ratings":
            return _rated(desk, shaped(found.data, _Rating), found.ticket)
        case "ticket_comments":
            return _commented(desk, shaped(found.data, _Comment), found.ticket)
        case "ticket_metric_events":
            return _measured(desk, shaped(found.data, _MetricEvent), found.ticket)
        case stream:
            return [], [counted_name(stream)]


def rating(score: str, *, has_comment: bool) -> dict[str, Any] | None:
    """Return the fields of a rating on a scale of two, None for a score that is no rating, such as `unoffered`.

    The export says good_with_comment as well.
    """
    word = score.strip().lower()
    value = _SCORES.get(word.removesuffix("_with_comment"))
    if value is None:
        return None
    scale = {"scale_min": 0.0, "scale_max": 1.0, "positive_from": 1.0}
    return {"score": value, **scale, "has_comment": has_comment or word.endswith("_with_comment")}


def _rated(desk: Desk, data: _Rating, beside: Ticket | None) -> Found:
    ticket = _ticket(data.ticket_id, beside, data.requester_id)
    at = instant(data.updated_at, "data.updated_at")
    parts = ("rating", id_of(data.id), data.updated_at)
    if data.score.strip().lower() == "offered":
        return [desk.event("ticket_csat_offered", ticket, parts, at, at)], []
    fields = rating(data.score, has_comment=bool(data.comment))
    if fields is None:
        return [], [counted_name("satisfaction_ratings", data.score)]
    assignee = id_of(data.assignee_id)
    return [desk.event("ticket_csat_rated", ticket, parts, at, at, **fields, assignee_id=assignee)], []


def _commented(desk: Desk, data: _Comment, beside: Ticket | None) -> Found:
    ticket = _ticket(data.ticket_id, beside)
    at = instant(data.created_at, "data.created_at")
    author = id_of(data.author_id)
    message = {
        "message_id": id_of(data.id) or "",
        "is_public": data.public,
        "channel": data.via.channel if data.via is not None else None,
        "author_type": desk.author_type(author, ticket, is_staff=None),
        "author_id": author,
    }
    return [desk.event("message_added", ticket, ("comment", id_of(data.id)), at, at, **message)], []


def _measured(desk: Desk, data: _MetricEvent, beside: Ticket | None) -> Found:
    if data.type != "apply_sla" or data.sla is None or (metric := _METRICS.get(data.metric)) is None:
        return [], [counted_name("ticket_metric_events", data.type, data.metric)]
    seconds = data.sla.target_in_seconds
    if seconds is None and data.sla.target is not None:
        seconds = data.sla.target * 60
    if seconds is None:
        raise NotUnderstoodError("missing_field", "data.sla.target is not there")
    number = data.instance_id
    if metric == "first_reply" and number > 1:
        metric, number = "next_reply", number - 1
    parts = ("metric event", id_of(data.id))
    taken_back = {"is_retraction": True, "corrects_event_id": desk.instance.event_id(*parts)} if data.deleted else {}
    at = instant(data.time, "data.time")
    target = desk.event(
        "sla_target_applied",
        _ticket(data.ticket_id, beside),
        (*parts, "deleted") if data.deleted else parts,
        at,
        at + bool(data.deleted),
        metric=metric,
        target_s=seconds,
        business_hours=data.sla.business_hours,
        policy_id=id_of(data.sla.policy.id) if data.sla.policy is not None else None,
        instance_no=number,
        **taken_back,
    )
    return [target], []


def _ticket(named: Id, beside: Ticket | None, requester: Id | None = None) -> Ticket:
    """Return the ticket of a record, as far as it is known; raises NotUnderstoodError for another one beside it."""
    if beside is None:
        return Ticket(named, None, requester)
    if id_of(beside.id) != id_of(named):
        raise NotUnderstoodError("invalid_field", "the ticket beside the record is not the record's")
    return beside
