"""The log of record, read from its first record to a fixed end, outside of every consumer group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Place = tuple[str, int]
"""Topic and partition."""

_AT_ONCE = 5_000
_PATIENCE_S = 30.0
_POLL_S = 0.5


class LogError(Exception):
    """The log cannot be read as it must be; the message is one sentence that names topic and partition."""


class KafkaLog:
    """Reads partitions one after the other. `client` holds librdkafka's security settings. Close it after use.

    The event topics have no transactions, so a partition's high watermark is the offset behind its last record.
    """

    def __init__(self, bootstrap: str, client: Mapping[str, str]) -> None:
        self._consumer = Consumer(
            {
                **client,
                "bootstrap.servers": bootstrap,
                "group.id": "cx-rebuild",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 50,
                "log.connection.close": False,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def ends(self, topics: Sequence[str]) -> dict[Place, int]:
        """Return the high watermark of every partition of the topics.

        Raises LogError for a topic that is missing, and for a partition whose first records are gone: a rebuild
        from what is left would be another history.
        """
        known = self._consumer.list_topics(timeout=_PATIENCE_S).topics
        if missing := [topic for topic in topics if topic not in known]:
            raise LogError(f"there is no topic {', '.join(missing)}: create the topics first")
        found: dict[Place, int] = {}
        for topic in topics:
            for number in sorted(known[topic].partitions):
                low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_PATIENCE_S)
                if low > 0:
                    raise LogError(f"{topic}-{number} begins at offset {low}: its first events are gone")
                found[topic, number] = high
        return found

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        """Yield the records from `start` on, up to but without offset `end`, in batches; raises LogError."""
        if start >= end:
            return
        self._consumer.assign([TopicPartition(*place, start)])
        silent, position = 0.0, start
        while position < end:
            records = [record for record in self._consumer.consume(_AT_ONCE, timeout=_POLL_S) if self._sound(record)]
            silent = 0.0 if records else silent + _POLL_S
            if silent >= _PATIENCE_S:
                raise LogError(f"{place[0]}-{place[1]} gives nothing from offset {position} on, yet it ends at {end}")
            wanted = [record for record in records if record.offset() < end]
            position = records[-1].offset() + 1 if records else position
            if wanted:
                yield wanted

    def _sound(self, record: Any) -> bool:
        error = record.error()
        if error is None:
            return True
        if error.retriable() or error.code() == KafkaError._TRANSPORT:  # noqa: SLF001 - its public name
            return False
        raise LogError(f"{record.topic()}-{record.partition()}: {error}")
