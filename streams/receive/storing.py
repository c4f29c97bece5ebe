"""Stores records in Kafka and says so only when every replica that is in sync has them.

The producer is not idempotent, on purpose: who is not answered sends again anyway, translation makes nothing of
repetitions, and an idempotent producer can end for good (ADR 0184).
"""

import asyncio
import logging
import threading
from collections.abc import Mapping
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.ingest.raw import SealedRecord

MOST_BYTES = 32 << 20
PATIENCE_SECONDS = 4.0
"""A record is given up before its sender gives up, which is after five seconds where it is soonest (Formbricks)."""
_POLL_SECONDS = 0.1
_RECORD_BYTES = 512
"""What a record takes beside its value, roughly."""
_LARGEST = 2 << 20
log = logging.getLogger(__name__)

Told = tuple["asyncio.Future[KafkaError | None]", KafkaError | None]


class UnstoredError(Exception):
    """Raised for a record that Kafka may not have; storing it again is harmless."""


class Storing(Protocol):
    """Where records are kept: `put` returns once one is stored, and raises UnstoredError."""

    async def put(self, topic: str, record: SealedRecord) -> None: ...


class Store:
    """Keeps records in Kafka; for one event loop, within which it is made.

    What is under way is at most `most_bytes`, and each record at most `patience` seconds.
    """

    def __init__(
        self,
        bootstrap: str,
        client: Mapping[str, str],
        *,
        most_bytes: int = MOST_BYTES,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Start without a broker if there is none yet; `client` are librdkafka's settings of security."""
        self._loop = asyncio.get_running_loop()
        self._most_bytes = most_bytes
        self.held = 0
        self.is_well = True
        self._told: list[Told] = []
        self._under_way: set[asyncio.Future[KafkaError | None]] = set()
        self._is_closing = False
        self._producer = Producer(
            {
                **client,
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "linger.ms": 5,
                "message.timeout.ms": int(patience * 1000),
                "message.max.bytes": _LARGEST,
                "queue.buffering.max.kbytes": 2 * most_bytes >> 10,
                "partitioner": "murmur2_random",
                "reconnect.backoff.max.ms": 1000,
                "log_level": 2,  # a broker that is away is said once, below
            }
        )
        self._thread = threading.Thread(target=self._poll, name="cx-receive-store", daemon=True)
        self._thread.start()

    async def put(self, topic: str, record: SealedRecord) -> None:
        """Store a record; raises UnstoredError."""
        size = len(record.value) + _RECORD_BYTES
        if self.held + size > self._most_bytes:
            raise UnstoredError("too much is under way to Kafka")
        future: asyncio.Future[KafkaError | None] = self._loop.create_future()
        try:
            self._producer.produce(
                topic,
                record.value,
                record.key,
                headers=list(record.headers),
                on_delivery=lambda error, _: self._told.append((future, error)),
            )
        except (BufferError, KafkaException) as error:
            raise UnstoredError(str(error)) from None
        self.held += size
        self._under_way.add(future)
        try:
            failure = await future
        finally:
            self.held -= size
            self._under_way.discard(future)
        if failure is not None:
            raise UnstoredError(failure.str())

    async def close(self) -> None:
        """Wait for what is under way, which ends in time, and end."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._is_closing = True
        await asyncio.to_thread(self._thread.join)

    def _poll(self) -> None:
        while not self._is_closing:
            self._producer.poll(_POLL_SECONDS)
            if self._told:  # filled within poll alone, so nothing is lost here
                told, self._told = self._told, []
                self._loop.call_soon_threadsafe(self._settle, told)

    def _settle(self, told: list[Told]) -> None:
        for future, error in told:
            self._note(error)
            if not future.done():
                future.set_result(error)

    def _note(self, error: KafkaError | None) -> None:
        """Log the first of many failures, and their end."""
        if error is not None and self.is_well:
            log.warning("Kafka does not store: %s; senders are told to come again", error.str())
        elif error is None and not self.is_well:
            log.warning("Kafka stores again")
        self.is_well = error is None
