"""An event out of a record's bytes, or the reason why there is none."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from schemas.codec import Undecodable
from streams.core.events import Event, parse
from streams.core.limits import Refusal


def event_of(
    value: bytes | None, decode: Callable[[bytes | None], tuple[str, Any]], types: Collection[str], topic: str
) -> Event | Refusal:
    """Return the event in a record of the topic, or why it is refused: a reason and its detail.

    `decode` is that of a codec, `types` are the event types that the topic may carry.
    """
    try:
        event_type, values = decode(value)
        if event_type not in types:
            return "wrong_topic", f"{event_type} does not belong on {topic}"
        return parse(event_type, values)
    except Undecodable as fault:
        return fault.reason, fault.detail
    except msgspec.ValidationError as fault:
        return "invalid_field", str(fault)
