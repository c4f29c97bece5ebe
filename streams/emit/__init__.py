"""Sends validated events from any Python service.

    from streams.emit import Emitter

    with Emitter("localhost:9092", source="shop:main") as events:
        events.emit("invitation_opened", account_id="acc-0042", invitation_id="inv-7001")

docs/emitting.md says the same for other languages. `AsyncEmitter` is the same for asyncio.
"""

from schemas.confluent import Confluent
from schemas.errors import InvalidEventError
from streams.emit.admission import RefusedEventError
from streams.emit.emitter import AsyncEmitter, Emitter
from streams.emit.outbox import DeliveryError

__all__ = ["AsyncEmitter", "Confluent", "DeliveryError", "Emitter", "InvalidEventError", "RefusedEventError"]
