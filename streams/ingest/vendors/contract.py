"""Events of a translation, held against the contract: what a worker would refuse never leaves a translator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from schemas.catalogue import latest_schemas
from schemas.codec import Codec, InvalidEventError
from streams.core.events import EVENT_TYPES
from streams.emit.admission import RefusedEventError, admitted
from streams.ingest.translate import Event
from streams.ingest.vendors.model import NotUnderstoodError, Translation
from streams.ingest.vendors.payloads import instant

if TYPE_CHECKING:
    from streams.ingest.raw import Raw

_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)


def translation(raw: Raw, events: Iterable[Event], unmapped: Iterable[str] = ()) -> Translation:
    """Return a translation whose events pass the rules of the contract; raises NotUnderstoodError for one that breaks.

    Their times are held against the time at which the delivery was received.
    """
    found = tuple(events)
    for event in found:
        try:
            admitted(_codec(), event.type, event.fields, raw.received_at)
        except RefusedEventError as error:
            raise NotUnderstoodError(error.reason, f"{event.type}: {_without_values(error.detail)}") from None
        except InvalidEventError as error:
            raise NotUnderstoodError("invalid_field", _without_values(str(error))) from None
    return Translation(found, tuple(unmapped))


def with_instants(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an event with its ISO 8601 times as microseconds; the type has to be one of the contract."""

    def read(name: str, value: Any) -> Any:
        return instant(value, name) if isinstance(value, str) else value

    return latest_schemas()[event_type].instants.changed(fields, read)


def is_event_type(name: str) -> bool:
    """Return whether the contract has a type of this name."""
    return name in EVENT_TYPES


def _without_values(sentence: str) -> str:
    """Cut what is quoted out of a sentence: it may be somebody's words."""
    return _QUOTED.sub("a value", sentence)


@cache
def _codec() -> Codec:
    return Codec()
