"""The emitters that services hold, for threads and for asyncio, over Kafka and over HTTP: one outbox behind all."""

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from schemas.codec import Confluent
from streams.emit.connecting import Connecting
from streams.emit.endpoint import Endpoint
from streams.emit.making import Clock, Lines, Making, Records, utc
from streams.emit.outbox import DeliveryError, Outbox, Outgoing
from streams.emit.poster import Poster

FLUSH_SECONDS = 120.0
ROOM_SECONDS = 60.0
"""Let an event wait this long for room in memory while nothing is confirmed."""


def _no_room(record: Outgoing) -> DeliveryError:
    return DeliveryError({record.event_id: TimeoutError("too much waits for the broker or server")})


class _Sending:
    """Makes records of events, and has an outbox that sends them."""

    def __init__(self, making: Making, connect: Callable[[], Any]) -> None:
        self._making = making
        self._outbox = Outbox(connect)


class _OverKafka(_Sending):
    def __init__(
        self,
        bootstrap: str,
        *,
        source: str,
        registry: Confluent | None = None,
        prefix: str = "cx.",
        now: Clock = utc,
        load: bool = False,
        **options: Any,
    ) -> None:
        """Begin to connect, without waiting; raises ValueError or TypeError for settings that cannot be meant.

        Needs no running loop.
        """
        super().__init__(Records(source, registry, prefix, now, load=load), Connecting(bootstrap, options))


class _OverHttp(_Sending):
    def __init__(
        self,
        url: str,
        *,
        source: str,
        token: str,
        now: Clock = utc,
        context: ssl.SSLContext | None = None,
        insecure: bool = False,
    ) -> None:
        """Connect at the first event; raises ValueError for an address or a token that cannot be meant.

        Needs no running loop.
        """
        endpoint = Endpoint(url, token, context=context, insecure=insecure)
        super().__init__(Lines(source, now), lambda: Poster(endpoint))


class _Emitting(_Sending):
    """What an emitter for threads does, wherever its events go."""

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


class _EmittingLater(_Sending):
    """What an emitter for asyncio does: the same checks, the same delivery, and nothing blocks the loop."""

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


class Emitter(_Emitting, _OverKafka):
    """Sends events to their topics, keyed by account; safe to share between threads.

    `source` names the emitting system and instance, such as shop:main. `options` go to kafka-python's KafkaProducer
    (security, time limits). The producer is idempotent and waits for all in-sync replicas; its partitioner is
    murmur2, as in Java. It connects in the background: events wait in memory (at most 32 MiB) while no broker
    answers. Leaving the block waits until all events are stored. `load` says of every event that its past is being
    filled up, so that nothing of it counts as late.
    """


class AsyncEmitter(_EmittingLater, _OverKafka):
    """Is to asyncio what Emitter is to threads."""


class HttpEmitter(_Emitting, _OverHttp):
    """Posts events to a server's `/v1/events` where Kafka cannot be reached; safe to share between threads.

    `url` is the server's, such as https://cx.example.com, and `token` the one that it knows `source` by. Events are
    held against the contract here as well, so that mistakes show at once. They wait in memory as with Emitter, go
    together in one request, and again while the server is away or busy, for two minutes. `context` is the TLS to
    speak, and `insecure` allows plain HTTP to another machine, which shows the token on the way.
    """


class AsyncHttpEmitter(_EmittingLater, _OverHttp):
    """Is to asyncio what HttpEmitter is to threads."""
