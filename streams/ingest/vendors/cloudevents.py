"""CloudEvents 1.0 over HTTP: events of our own contract in the envelope that many systems can send.

    {"specversion": "1.0", "id": "A234", "source": "/billing/eu", "type": "invoice_paid", "subject": "acme",
     "time": "2026-11-05T17:31:00Z", "data": {"invoice_id": "in_7", "payment_id": "pay_9", ...}}

The type is one of the contract, after the instance's prefix if it has one. `data` has the event's own fields, times in
ISO 8601. Id and source name the event and `subject` is the account; `time` is when it happened. Bodies are structured
(one object), batched (a list) or binary (attributes in `ce-` headers, the body is the data).

Sources: cloudevents/spec, "HTTP Protocol Binding" and "JSON Event Format".
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.contract import is_event_type, translation, with_instants
from streams.ingest.vendors.model import NotUnderstoodError, Translation
from streams.ingest.vendors.payloads import counted_name, decoded, instant, options_of, required, shaped

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance

_IN_HEADERS = "ce-"
_DERIVED = frozenset({"event_id", "source"})
_FROM_ATTRIBUTES = {"account_id": "subject", "occurred_at": "time"}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a sender of CloudEvents: what stands before our types, as in `com.acme.cx.invoice_paid`.

    >>> Options(type_prefix="com.acme.cx.")
    """

    type_prefix: str = ""


class _CloudEvent(msgspec.Struct, frozen=True):
    """Attributes and data. `corrects` is an extension: the id of the event, of the same source, that this replaces."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    corrects: str | None = None
    data: Any = None
    data_base64: str | None = None


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return the events that a delivery carries; raises NotUnderstoodError where one of them cannot be read."""
    prefix = options_of(instance.options, Options).type_prefix
    events, unmapped = list[Event](), list[str]()
    for each in _sent(raw):
        name = each.type.removeprefix(prefix)
        if each.type.startswith(prefix) and is_event_type(name):
            events.append(_event(each, name, instance))
        else:
            unmapped.append(counted_name(each.type))
    return translation(raw, events, unmapped)


def _sent(raw: Raw) -> list[_CloudEvent]:
    if _IN_HEADERS + "specversion" in raw.headers:
        attributes = {
            name.removeprefix(_IN_HEADERS): unquote(value)
            for name, value in raw.headers.items()
            if name.startswith(_IN_HEADERS)
        }
        data = decoded(raw.body) if raw.body else None
        found = [shaped({**attributes, "data": data, "data_base64": None}, _CloudEvent)]
    else:
        body = decoded(raw.body)
        found = [shaped(each, _CloudEvent) for each in (body if isinstance(body, list) else [body])]
    for each in found:
        if each.specversion != "1.0":
            raise NotUnderstoodError("unknown_version", "specversion is not 1.0")
        if not each.id or not each.source:
            raise NotUnderstoodError("missing_field", "id or source is empty")
    return found


def _event(sent: _CloudEvent, event_type: str, instance: Instance) -> Event:
    data = _data(sent)
    if taken := sorted(_DERIVED & data.keys()):
        raise NotUnderstoodError("invalid_field", f"data.{taken[0]} is derived from id and source")
    fields = {**data, "event_id": instance.event_id(sent.source, sent.id), "source": instance.source}
    for field, attribute in _FROM_ATTRIBUTES.items():
        given = getattr(sent, attribute)
        if given is not None and field in data:
            raise NotUnderstoodError("invalid_field", f"{attribute} and data.{field} say the same thing: give one")
        fields[field] = required(data.get(field) if given is None else given, attribute)
    if sent.time is not None:
        fields["occurred_at"] = instant(sent.time, "time")
    if sent.corrects is not None:
        fields["corrects_event_id"] = instance.event_id(sent.source, sent.corrects)
    return Event(event_type, with_instants(event_type, fields))


def _data(sent: _CloudEvent) -> dict[str, Any]:
    data = sent.data
    if sent.data_base64 is not None:
        if data is not None:
            raise NotUnderstoodError("invalid_field", "data and data_base64 are both there")
        try:
            data = decoded(base64.b64decode(sent.data_base64, validate=True))
        except binascii.Error:
            raise NotUnderstoodError("invalid_field", "data_base64 is not in base64") from None
    if not isinstance(data, dict):
        raise NotUnderstoodError("invalid_field", "data is no object")
    return data
