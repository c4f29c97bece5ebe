"""Segment and RudderStack: track calls, mapped to the contract by a table of the operator's.

    {"type": "track", "event": "NPS Submitted", "messageId": "ajs-f8ca", "timestamp": "2026-11-05T17:31:00.249Z",
     "userId": "u-17", "context": {"groupId": "g-4"}, "properties": {"response": "r-1", "score": 9}}

The table has the name of a call, the type that it becomes and its fields. A text that begins with `$.` is a path into
the call; everything else stands for itself. What a path does not find is left out.

    events:
      NPS Submitted:
        type: response_submitted
        fields:
          response_id: $.properties.response
          survey_id: relationship
          survey_version: 1
          submitted_at: $.timestamp
          answers: [{question_id: q1, kind: NPS, number: $.properties.score}]

A call's `messageId` names the event. Other calls (identify, page, group, ...) are counted by name.

Source: segment.com/docs/connections/spec, "Common fields" and "Track".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of, person_id
from streams.ingest.vendors.contract import is_event_type, translation, with_instants
from streams.ingest.vendors.model import Translation
from streams.ingest.vendors.payloads import Id, counted_name, decoded, id_of, instant, options_of, required, shaped

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance

_PATH = "$."
_OURS = frozenset({"event_id", "account_id", "occurred_at", "source"})
"""Fields that the call itself gives, in the same way for every event."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The event of the contract that calls of one name become, and where its fields are."""

    type: str
    fields: dict[str, Any]

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; decoding tells it with its place."""
        if not is_event_type(self.type):
            raise ValueError(f"the contract has no type {self.type!r}")
        if taken := sorted(_OURS & self.fields.keys()):
            raise ValueError(f"{taken[0]} is given by the call itself")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Segment source: the table of events.

    >>> Options(events={"Seat Count": Rule("usage_reported", {"meter": "seats", "value": "$.properties.seats"})})
    """

    events: dict[str, Rule] = {}


class _Context(msgspec.Struct, frozen=True):
    group_id: Id | None = msgspec.field(default=None, name="groupId")
    traits: dict[str, Any] | None = None


class _Call(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    message_id: str | None = None
    event: str | None = None
    user_id: Id | None = None
    anonymous_id: Id | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    context: _Context | None = None
    properties: dict[str, Any] | None = None


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return the events of a call, or of the calls of a batch; raises NotUnderstoodError."""
    options = options_of(instance.options, Options)
    body = decoded(raw.body)
    calls = body["batch"] if isinstance(body, dict) and isinstance(body.get("batch"), list) else [body]
    events, unmapped = list[Event](), list[str]()
    for each in calls:
        call = shaped(each, _Call)
        rule = options.events.get(call.event or "") if call.type == "track" else None
        if rule is None:
            unmapped.append(counted_name(*((call.type, call.event or "") if call.type == "track" else (call.type,))))
        else:
            events.append(_event(each, call, rule, instance))
    return translation(raw, events, unmapped)


def _event(whole: dict[str, Any], call: _Call, rule: Rule, instance: Instance) -> Event:
    told = {name: _resolved(value, whole) for name, value in rule.fields.items()}
    fields = {
        **{
            name: person_id(instance, value) if name == "contact_id" else value
            for name, value in told.items()
            if value is not None
        },
        "event_id": instance.event_id(required(id_of(call.message_id), "messageId"), rule.type),
        "account_id": _account(call, instance),
        "occurred_at": instant(required(call.timestamp or call.original_timestamp, "timestamp"), "timestamp"),
        "source": instance.source,
    }
    return Event(rule.type, with_instants(rule.type, fields))


def _account(call: _Call, instance: Instance) -> str:
    """Return whose a call is: the group's, else the user's, else the visitor's until somebody links it."""
    context = call.context or _Context()
    group, user, visitor = id_of(context.group_id), person_id(instance, call.user_id), id_of(call.anonymous_id)
    traits = context.traits or {}
    properties = call.properties or {}
    return account_of(
        instance,
        customer=group or (f"user/{user}" if user else visitor and f"anonymous/{visitor}"),
        metadata={**traits, **properties},
        organization=group,
        email=traits.get("email"),
    )


def _resolved(value: Any, call: dict[str, Any]) -> Any:
    """Return a value of the table with its paths followed; of a record, what a path does not find is left out."""
    if isinstance(value, str) and value.startswith(_PATH):
        return _followed(value.removeprefix(_PATH).split("."), call)
    if isinstance(value, dict):
        found = {name: _resolved(inner, call) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_resolved(inner, call) for inner in value]
    return value


def _followed(path: Sequence[str], call: dict[str, Any]) -> Any:
    found: Any = call
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
