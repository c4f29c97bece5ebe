"""The log of record as a replay sees it: read by offset, outside of every consumer group."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Place = tuple[str, int]
"""Topic and partition."""

_PATIENCE_S = 30.0
_POLL_S = 0.1
_END = KafkaError._PARTITION_EOF  # noqa: SLF001 - its public name


class LogError(Exception):
    """The log cannot be read as it must be; the message is one sentence that names topic and partition."""


class Bounds(msgspec.Struct, frozen=True):
    """The first offset that a partition still holds, and the offset behind its last record."""

    low: int
    high: int


class Log(Protocol):
    """The source topics. Every call may block for as long as a broker takes to answer, and may raise LogError."""

    def bounds(self, topics: Sequence[str]) -> dict[Place, Bounds]:
        """Return what every partition of the topics holds now."""

    def at(self, place: Place, micros: int) -> int | None:
        """Return the first offset stored at a time (since 1970) or later, None where there is none yet."""

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        """Yield the records from `start` on, up to but without offset `end`, in batches."""


class KafkaLog:
    """`Log` over a broker. `client` holds librdkafka's security settings, `at_once` the largest batch. Close it."""

    def __init__(self, bootstrap: str, client: Mapping[str, str], *, at_once: int = 10_000) -> None:
        common = {**client, "bootstrap.servers": bootstrap, "log.connection.close": False}
        self._admin = AdminClient(common)
        self._at_once = at_once
        self._consumer = Consumer(
            {
                **common,
                "group.id": "cx-replay",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "fetch.message.max.bytes": 8 << 20,
                "queued.max.messages.kbytes": 48 << 10,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def cluster(self) -> str:
        """Return the id of the cluster."""
        with _sentences():
            return str(self._consumer.list_topics(timeout=_PATIENCE_S).cluster_id)

    def ids(self, topics: Sequence[str]) -> dict[str, str]:
        """Return the cluster's own ids of topics: a topic made anew under its old name has another."""
        with _sentences():
            found = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=_PATIENCE_S)
            return {topic: str(future.result().topic_id) for topic, future in found.items()}

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has."""
        with _sentences():
            return len(self._consumer.list_topics(topic, timeout=_PATIENCE_S).topics[topic].partitions)

    def bounds(self, topics: Sequence[str]) -> dict[Place, Bounds]:
        with _sentences():
            known = self._consumer.list_topics(timeout=_PATIENCE_S).topics
        if missing := [topic for topic in topics if topic not in known]:
            raise LogError(f"there is no topic {', '.join(missing)}: create the topics first")
        places = [(topic, number) for topic in topics for number in sorted(known[topic].partitions)]
        with _sentences():
            return {
                place: Bounds(*self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=_PATIENCE_S))
                for place in places
            }

    def at(self, place: Place, micros: int) -> int | None:
        # The index holds milliseconds: rounded up, so that nothing older than asked for is meant.
        asked = TopicPartition(*place, -(-micros // 1000))
        with _sentences():
            (found,) = self._consumer.offsets_for_times([asked], timeout=_PATIENCE_S)
        if found.error is not None:
            raise LogError(f"{place[0]}-{place[1]}: {found.error}")
        return int(found.offset) if found.offset >= 0 else None

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        if start >= end:
            return
        self._consumer.assign([TopicPartition(*place, start)])
        silent, position = 0.0, start
        while position < end:
            records, reached = self._consume()
            silent = 0.0 if records or reached > position else silent + _POLL_S
            if silent >= _PATIENCE_S:
                raise LogError(f"{place[0]}-{place[1]} gives nothing from offset {position} on, yet it ends at {end}")
            position = max(position, reached, records[-1].offset() + 1 if records else 0)
            if position > end:
                records = [record for record in records if record.offset() < end]
            if records:
                yield records
        self._consumer.unassign()

    def _consume(self) -> tuple[list[Any], int]:
        """Return sound records, and the offset of the partition's end where it was met (it has no record there)."""
        records, reached = [], 0
        for record in self._consumer.consume(self._at_once, timeout=_POLL_S):
            error = record.error()
            if error is None:
                records.append(record)
            elif error.code() == _END:
                reached = record.offset()
            elif not (error.retriable() or error.code() == KafkaError._TRANSPORT):  # noqa: SLF001 - its public name
                raise LogError(f"{record.topic()}-{record.partition()}: {error}")
        return records, reached


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise LogError(f"Kafka does not answer as it must: {error.args[0]}") from error
