"""Holds an event against the whole contract before it leaves: what a worker refuses by the event alone is refused here.

The schemas know its shape and the core its rules; this is where both can be seen (ADR 0134).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.catalogue import latest_schemas
from schemas.codec import Codec, InvalidEventError, Undecodable
from streams.core.admission import refusal_of
from streams.core.events import EVENT_TYPES, parse


class RefusedEventError(InvalidEventError):
    """An event that every worker would refuse: `reason` is the dead letter's, `detail` what exactly is wrong."""

    def __init__(self, event_type: str, reason: str, detail: str) -> None:
        super().__init__(f"{event_type}: {reason}: {detail}")
        self.reason = reason
        self.detail = detail


def topic_of(event_type: str) -> str:
    """Return the short name of the topic that carries a type; raises InvalidEventError for one that nobody may send."""
    if event_type not in EVENT_TYPES:
        raise InvalidEventError(f"there is no event type {event_type!r}")
    return latest_schemas()[event_type].topic


def admitted(codec: Codec, event_type: str, fields: Mapping[str, Any], now: int) -> bytes:
    """Return the framed record of an event that a worker would take if it were stored `now` (microseconds).

    Raises InvalidEventError where the fields do not fit the schema, RefusedEventError where a rule is broken, and
    RegistryUnavailableError where a configured registry does not answer.
    """
    topic_of(event_type)
    value = codec.encode(event_type, fields)
    try:
        event = parse(*codec.decode_array(value))
    except Undecodable as fault:
        raise RefusedEventError(event_type, fault.reason, fault.detail) from fault
    except msgspec.ValidationError as fault:
        raise RefusedEventError(event_type, "invalid_field", str(fault)) from fault
    refusal = refusal_of(event, event.account_id.encode(), now, len(value))
    if refusal is not None:
        raise RefusedEventError(event_type, *refusal)
    return value
