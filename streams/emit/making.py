"""Makes what leaves of an event's fields: judged by the whole contract, then a record for Kafka or a line for HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from schemas.catalogue import latest_schemas
from schemas.codec import Codec, Confluent
from schemas.errors import InvalidEventError
from schemas.frames import LOAD
from schemas.writer import EPOCH, micros
from streams.emit.admission import admitted, topic_of
from streams.emit.outbox import Outgoing

Clock = Callable[[], datetime]


def utc() -> datetime:
    return datetime.now(UTC)


class Making(Protocol):
    """Turns an event's fields into what no worker will refuse; `asks` where that may wait for a registry."""

    @property
    def asks(self) -> bool: ...

    def record(self, event_type: str, account_id: str, fields: dict[str, Any]) -> Outgoing:
        """Complete, check and write one event; raises InvalidEventError."""
        ...


class Records:
    """Makes records of Kafka topics, in the frame that the codec writes."""

    def __init__(self, source: str, registry: Confluent | None, prefix: str, now: Clock, *, load: bool) -> None:
        self._source, self._prefix, self._now = source, prefix, now
        self._headers = (LOAD,) if load else ()
        self._codec = Codec(registry)
        self.asks = registry is not None

    def record(self, event_type: str, account_id: str, fields: dict[str, Any]) -> Outgoing:
        event, value = _judged(self._codec, self._source, self._now(), event_type, {**fields, "account_id": account_id})
        topic = self._prefix + topic_of(event_type)
        return Outgoing(event["event_id"], topic, account_id.encode(), value, self._headers)


class Lines:
    """Makes lines of JSON, as `/v1/events` takes them: `event_type` beside the fields, defaults written out.

    In place of a topic stands the type.
    """

    asks = False

    def __init__(self, source: str, now: Clock) -> None:
        self._source, self._now = source, now
        self._codec = Codec()

    def record(self, event_type: str, account_id: str, fields: dict[str, Any]) -> Outgoing:
        event, value = _judged(self._codec, self._source, self._now(), event_type, {**fields, "account_id": account_id})
        line = line_of(*self._codec.decode(value))
        return Outgoing(event["event_id"], event_type, account_id.encode(), line)


def _judged(
    codec: Codec, source: str, now: datetime, event_type: str, fields: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    event = {"event_id": str(uuid4()), "occurred_at": now, "source": source, **fields}
    return event, admitted(codec, event_type, event, micros(now))


def line_of(event_type: str, fields: dict[str, Any]) -> bytes:
    r"""Return an event as a line of JSON, instants (microseconds) in ISO 8601; raises InvalidEventError.

    >>> line_of("invitation_opened", {"occurred_at": 1_791_203_400_000_000, ...})
    b'{"event_type":"invitation_opened","occurred_at":"2026-10-05T12:30:00+00:00",...}\n'
    """
    written = latest_schemas()[event_type].instants.changed(fields, _iso)
    try:
        text = json.dumps({"event_type": event_type, **written}, ensure_ascii=False, allow_nan=False)
    except ValueError as error:  # NaN and infinity are no JSON
        raise InvalidEventError(f"{event_type}: {error}") from error
    return text.encode() + b"\n"


def _iso(name: str, at: Any) -> Any:
    try:
        return (EPOCH + timedelta(microseconds=at)).isoformat()
    except OverflowError as error:
        raise InvalidEventError(f"{name}: {at} is outside of the years 1 to 9999") from error
