"""Single records of the log, by their offsets: what an account's history is read with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.replay.log import LogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from streams.replay.log import Place

_PATIENCE_S = 10.0
_POLL_S = 0.1
_NEAR = 64
"""Offsets ahead that are read through rather than sought: they came with the fetch before."""
_FETCH_BYTES = 16 << 10


class Picker:
    """Reads records at given offsets, outside of every group. Small fetches: neighbours are mostly others' records.

    A seek fetches at once only without librdkafka's back-off of a second. Close it after use.
    """

    def __init__(self, bootstrap: str, client: Mapping[str, str]) -> None:
        self._consumer = Consumer(
            {
                **client,
                "bootstrap.servers": bootstrap,
                "log.connection.close": False,
                "group.id": "cx-explain",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 5,
                "fetch.queue.backoff.ms": 0,
                "fetch.error.backoff.ms": 20,
                "fetch.message.max.bytes": _FETCH_BYTES,
                "queued.min.messages": _NEAR,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has. Raises LogError where no broker says it."""
        try:
            return len(self._consumer.list_topics(topic, timeout=_PATIENCE_S).topics[topic].partitions)
        except KafkaException as error:
            raise LogError(f"{topic}: {error.args[0]}") from error

    def read(self, place: Place, offsets: Iterable[int]) -> Iterator[Any]:
        """Yield the records at these offsets, lowest first. Raises LogError for one that is not there."""
        at = -1
        for offset in sorted(offsets):
            if at < 0:
                self._consumer.assign([TopicPartition(*place, offset)])
            elif offset - at > _NEAR:
                self._seek(place, offset)
            yield self._next(place, offset)
            at = offset
        if at >= 0:
            self._consumer.unassign()

    def _seek(self, place: Place, offset: int) -> None:
        try:
            self._consumer.seek(TopicPartition(*place, offset))
        except KafkaException as error:
            raise LogError(f"{place[0]}-{place[1]}: {error.args[0]}") from error

    def _next(self, place: Place, offset: int) -> Any:
        """Poll on to the record at the offset; what comes before it is a neighbour's."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            record = self._consumer.poll(_POLL_S)
            if record is None:
                continue
            error = record.error()
            if error is not None:
                if not (error.retriable() or error.code() == KafkaError._TRANSPORT):  # noqa: SLF001 - its public name
                    raise LogError(f"{place[0]}-{place[1]} at offset {offset}: {error}")
            elif record.offset() == offset:
                return record
            elif record.offset() > offset:
                break
        raise LogError(f"{place[0]}-{place[1]} no longer gives the record at offset {offset}")
