"""Deliveries of vendors for tests, and what becomes of their translations in the core."""

import json
from pathlib import Path
from typing import Any

import msgspec

from schemas.codec import Codec
from streams.core.algebra import RecordedEvent
from streams.core.events import parse
from streams.ingest.raw import Raw
from streams.ingest.vendors.model import Instance, Translation, Translator

RECEIVED = 1_800_000_000_000_000
"""When deliveries of tests are received: 2027-01-15, later than all that they tell."""
SAMPLES = Path(__file__).parents[1] / "streams/ingest/vendors/samples"
_CODEC = Codec()


def own_sample(name: str) -> Any:
    """A sample of our own, made after the vendor's documentation, such as formbricks/finished.json."""
    return json.loads((SAMPLES / name).read_text("utf-8"))


def delivery(body: Any, instance: str = "main", **headers: str) -> Raw:
    """A delivery with this body: bytes as they are, anything else as JSON."""
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Raw(instance, "d-1", RECEIVED, {name.replace("_", "-"): value for name, value in headers.items()}, told)


def recorded(translation: Translation) -> list[RecordedEvent]:
    """The events as a worker takes them, through the codec."""
    return [
        RecordedEvent(parse(*_CODEC.decode_array(_CODEC.encode(event.type, event.fields))), RECEIVED)
        for event in translation.events
    ]


def told(translate: Translator, instance: Instance, *bodies: Any) -> list[RecordedEvent]:
    """The events of several deliveries, one after the other."""
    return [each for body in bodies for each in recorded(translate(delivery(body), instance))]


def words(value: Any) -> str:
    """All that a translation says, as text: to look for what must not be in it."""
    return msgspec.json.encode(value).decode()
