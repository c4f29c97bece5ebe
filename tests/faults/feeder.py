"""Produces a mix at an even pace while faults go on, and keeps the ledger of what the broker acknowledged."""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from tests.faults.mix import OTHER_PARTITION, Piece
from tests.faults.murmur2 import home

FLUSH_SECONDS = 120.0
_BY_KEY = -1


class Ledger:
    """Offsets that the broker acknowledged, by full topic name and partition; `refused` holds what it did not."""

    def __init__(self) -> None:
        self.offsets: dict[tuple[str, int], array[int]] = defaultdict(lambda: array("q"))
        self.produced = 0
        self.kinds: Counter[str] = Counter()
        self.refused: list[str] = []

    @property
    def acknowledged(self) -> int:
        return sum(map(len, self.offsets.values()))

    def note(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.refused.append(str(error))
        else:
            self.offsets[message.topic(), message.partition()].append(message.offset())


class Feeder:
    """A producer as an upstream application has it: idempotent, all replicas, murmur2 like the Java clients.

    `client` adds librdkafka settings (an address behind a proxy, a longer delivery timeout).
    """

    def __init__(self, bootstrap: str, prefix: str, client: dict[str, Any] | None = None) -> None:
        self.ledger = Ledger()
        self._prefix = prefix
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
                **(client or {}),
            }
        )
        self._counts: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def feed(self, pieces: Iterable[Piece], *, per_second: float = float("inf")) -> None:
        """Produce all pieces and wait for the broker; `per_second` bounds the pace."""
        began = time.monotonic()
        for sent, piece in enumerate(pieces, 1):
            self._produce(piece)
            ahead = sent / per_second - (time.monotonic() - began)
            if ahead > 0.02:
                self._producer.poll(ahead)
        left = self._producer.flush(FLUSH_SECONDS)
        assert left == 0, f"the broker acknowledged all but {left} records"

    def start(self, pieces: Iterable[Piece], *, per_second: float) -> None:
        """Feed in a thread; `join` waits for it and raises what went wrong there."""

        def work() -> None:
            try:
                self.feed(pieces, per_second=per_second)
            except BaseException as error:  # noqa: BLE001 - raised again where somebody listens
                self._failure = error

        self._thread = threading.Thread(target=work, name="feeder", daemon=True)
        self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _number(self, piece: Piece) -> int:
        """Return the partition behind the right one for a piece that must miss it, else leave it to the client."""
        if piece.kind != OTHER_PARTITION or piece.key is None:
            return _BY_KEY
        topic = self._prefix + piece.topic
        if topic not in self._counts:
            self._counts[topic] = len(self._producer.list_topics(topic, timeout=FLUSH_SECONDS).topics[topic].partitions)
        return (home(piece.key, self._counts[topic]) + 1) % self._counts[topic]

    def _produce(self, piece: Piece) -> None:
        ledger = self.ledger
        ledger.produced += 1
        ledger.kinds[piece.kind] += 1
        while True:
            try:
                self._producer.produce(
                    self._prefix + piece.topic, piece.value, piece.key, self._number(piece), ledger.note
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return
