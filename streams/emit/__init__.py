"""Sends validated events from any Python service.

    from streams.emit import Emitter

    with Emitter("localhost:9092", source="shop:main") as events:
        events.emit("invitation_opened", account_id="acc-0042", invitation_id="inv-7001")

docs/emitting.md says the same for other languages. `AsyncEmitter` is the same for asyncio, and where Kafka cannot be
reached `HttpEmitter` and `AsyncHttpEmitter` post to `/v1/events`.
"""

from schemas.confluent import Confluent
from schemas.errors import InvalidEventError
from streams.emit.admission import RefusedEventError
from streams.emit.emitter import AsyncEmitter, AsyncHttpEmitter, Emitter, HttpEmitter
from streams.emit.outbox import DeliveryError
from streams.emit.poster import NotTakenError

__all__ = [
    "AsyncEmitter",
    "AsyncHttpEmitter",
    "Confluent",
    "DeliveryError",
    "Emitter",
    "HttpEmitter",
    "InvalidEventError",
    "NotTakenError",
    "RefusedEventError",
]
