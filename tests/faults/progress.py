"""How far a group has come: lag, and how long a fault kept it from moving on."""

from __future__ import annotations

import threading
import time
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.recount import SOURCES, Where, consumer, partitions
from tests.faults.verdict import Part

_POLL = 0.2
_ASK = 5.0


class Position:
    """Ends and committed offsets of a group's topics; its one client is for one thread only.

    Reads uncommitted, so that no open transaction delays the answer.
    """

    def __init__(self, where: Where, topics: tuple[str, ...] = SOURCES) -> None:
        self._client: Consumer = consumer(where, **{"isolation.level": "read_uncommitted"})
        self._places = [
            TopicPartition(where.prefix + topic, number)
            for topic in topics
            for number in partitions(self._client, where.prefix + topic)
        ]

    def look(self) -> tuple[dict[Part, int], dict[Part, int]]:
        """Return (ends, committed); raises KafkaException while the broker or the coordinator does not answer."""
        found = self._client.committed(self._places, timeout=_ASK)
        for each in found:
            if each.error is not None:
                raise KafkaException(each.error)
        committed = {(each.topic, each.partition): max(0, each.offset) for each in found}
        ends = {
            (each.topic, each.partition): self._client.get_watermark_offsets(each, timeout=_ASK)[1]
            for each in self._places
        }
        return ends, committed

    def close(self) -> None:
        self._client.close()


def lag(ends: dict[Part, int], committed: dict[Part, int]) -> int:
    return sum(ends.values()) - sum(committed.values())


class Recovery:
    """Measures, in a thread, from each fault until every partition that has something to read has moved on.

    A commit follows the acknowledged insert, so this is when rows of every partition arrive again. A fault before the
    recovery from the one before starts the clock anew: the one before has no figure then.
    """

    def __init__(self, where: Where) -> None:
        self.seconds: list[float] = []
        self._position = Position(where)
        self._since: float | None = None
        self._from: dict[Part, int] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
        self._thread.start()

    def fault(self) -> None:
        """Note that a fault has been done just now."""
        with self._lock:
            self._since, self._from = time.monotonic(), None

    @property
    def pending(self) -> bool:
        """Whether the product still stands since the last fault."""
        return self._since is not None

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._position.close()

    def _run(self) -> None:
        while not self._stopping.wait(_POLL):
            if self._since is None:
                continue
            try:
                ends, committed = self._position.look()
            except KafkaException:
                continue
            with self._lock:
                self._judge(ends, committed)

    def _judge(self, ends: dict[Part, int], committed: dict[Part, int]) -> None:
        if self._since is None:
            return
        if self._from is None:
            self._from = committed
            return
        start = self._from
        if all(committed[part] > start[part] or committed[part] >= end for part, end in ends.items()):
            self.seconds.append(time.monotonic() - self._since)
            self._since = None


def summary(where: Where) -> dict[str, Any]:
    """Return where a group stands, for the message of a failure."""
    position = Position(where)
    try:
        ends, committed = position.look()
    finally:
        position.close()
    return {f"{topic}-{number}": f"{committed[topic, number]} of {end}" for (topic, number), end in ends.items() if end}
