"""The emitters that services hold: one for threads, one for asyncio, over the same outbox."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from schemas.codec import Codec, Confluent
from schemas.frames import LOAD
from schemas.writer import micros
from streams.emit.admission import admitted, topic_of
from streams.emit.connecting import Connecting
from streams.emit.outbox import DeliveryError, Outbox, Outgoing

FLUSH_SECONDS = 120.0
ROOM_SECONDS = 60.0
"""Let an event wait this long for room in memory while the broker confirms nothing."""

Clock = Callable[[], datetime]


def _utc() -> datetime:
    return datetime.now(UTC)


class _Making:
    """Turns fields into records that no worker will refuse."""

    def __init__(self, source: str, registry: Confluent | None, prefix: str, now: Clock, *, load: bool) -> None:
        self._source, self._prefix, self._now = source, prefix, now
        self._headers = (LOAD,) if load else ()
        self._codec = Codec(registry)
        self.asks = registry is not None

    def record(self, event_type: str, account_id: str, fields: dict[str, Any]) -> Outgoing:
        """Complete, check and frame one event; raises InvalidEventError."""
        now = self._now()
        event = {"event_id": str(uuid4()), "occurred_at": now, "source": self._source, **fields}
        event["account_id"] = account_id
        value = admitted(self._codec, event_type, event, micros(now))
        topic = self._prefix + topic_of(event_type)
        return Outgoing(event["event_id"], topic, account_id.encode(), value, self._headers)


def _no_room(record: Outgoing) -> DeliveryError:
    return DeliveryError([record.event_id], TimeoutError("too much waits for the broker"))


class Emitter:
    """Sends events to their topics, keyed by account; safe to share between threads.

    `source` names the emitting system and instance, such as shop:main. `options` go to kafka-python's KafkaProducer
    (security, time limits). The producer is idempotent and waits for all in-sync replicas; its partitioner is
    murmur2, as in Java. It connects in the background: events wait in memory (at most 32 MiB) while no broker
    answers. Leaving the block waits until all events are stored. `load` says of every event that its past is being
    filled up, so that nothing of it counts as late.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        source: str,
        registry: Confluent | None = None,
        prefix: str = "cx.",
        now: Clock = _utc,
        load: bool = False,
        **options: Any,
    ) -> None:
        """Begin to connect, without waiting; raises ValueError or TypeError for settings that cannot be meant."""
        self._making = _Making(source, registry, prefix, now, load=load)
        self._outbox = Outbox(Connecting(bootstrap, options))

    def emit(self, event_type: str, *, account_id: str, **fields: Any) -> str:
        """Check and queue one event; return its event_id.

        event_id is a fresh UUID unless given: give one derived from your own record (uuid5) where you may send it
        twice. occurred_at is now unless given; instants are aware datetimes or int microseconds.
        Raises InvalidEventError for an event that must be mended (RefusedEventError names the reason that a worker
        would give), and DeliveryError where an earlier one was lost.
        """
        self._outbox.raise_lost()
        record = self._making.record(event_type, account_id, fields)
        if not self._outbox.put(record, ROOM_SECONDS):
            raise _no_room(record)
        return record.event_id

    def flush(self, timeout: float = FLUSH_SECONDS) -> None:
        """Wait until every event is stored; raises DeliveryError where one is not, or not in time (seconds)."""
        self._outbox.flush(timeout)

    def close(self, timeout: float = FLUSH_SECONDS) -> None:
        """Send what is queued and disconnect; raises DeliveryError as flush does."""
        self._outbox.close(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncEmitter:
    """Is to asyncio what Emitter is to threads: the same checks, the same delivery, and nothing blocks the loop."""

    def __init__(
        self,
        bootstrap: str,
        *,
        source: str,
        registry: Confluent | None = None,
        prefix: str = "cx.",
        now: Clock = _utc,
        load: bool = False,
        **options: Any,
    ) -> None:
        """Begin to connect, as Emitter does; needs no running loop."""
        self._making = _Making(source, registry, prefix, now, load=load)
        self._outbox = Outbox(Connecting(bootstrap, options))

    async def emit(self, event_type: str, *, account_id: str, **fields: Any) -> str:
        """Check and queue one event as Emitter.emit does; waits only for room in memory, or for a registry."""
        self._outbox.raise_lost()
        if self._making.asks:
            record = await asyncio.to_thread(self._making.record, event_type, account_id, fields)
        else:
            record = self._making.record(event_type, account_id, fields)
        put = self._outbox.put
        if not put(record, 0) and not await asyncio.to_thread(put, record, ROOM_SECONDS):
            raise _no_room(record)
        return record.event_id

    async def flush(self, timeout: float = FLUSH_SECONDS) -> None:  # noqa: ASYNC109 - the meaning of Emitter's
        """Wait until every event is stored; raises DeliveryError as Emitter.flush does."""
        await asyncio.to_thread(self._outbox.flush, timeout)

    async def close(self, timeout: float = FLUSH_SECONDS) -> None:  # noqa: ASYNC109 - the meaning of Emitter's
        """Send what is queued and disconnect; raises DeliveryError as flush does."""
        await asyncio.to_thread(self._outbox.close, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
