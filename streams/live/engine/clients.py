"""The Kafka clients of the engine and why each setting stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.live.engine.restore import Chunk
from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from streams.live.engine.settings import EngineSettings

_CHUNK = 10_000
_HEARTBEAT_SECONDS = 2.0
"""A member learns of a rebalance by its next heartbeat, and all others wait for it: a long session is no reason to."""
_PAUSE = 0.2
_PASSING = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001 - the client's own codes begin with an underscore
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._WAIT_COORD,  # noqa: SLF001
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.UNSTABLE_OFFSET_COMMIT,
    }
)
END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001
FATAL = KafkaError._FATAL  # noqa: SLF001


def is_passing(error: KafkaError) -> bool:
    """Return whether waiting helps: broker, leader or coordinator is away, or a transaction is pending."""
    return error.code() in _PASSING or error.retriable()


def group_consumer(settings: EngineSettings, on_error: Callable[[KafkaError], None]) -> Consumer:
    """Return the consumer of the group; `on_error` hears of its errors while it is polled.

    Without a listener the client library would only log that it has been fenced for good, and consume nothing.

    `range` puts the same partition number of every topic on the same worker. Reading committed makes offset
    requests wait for open transactions (KIP-447). An offset out of range is an error: skipping would lose events.
    End-of-partition events tell when a partition is caught up and time may pass.
    """
    config = {
        **_common(settings),
        "group.id": settings.group,
        "partition.assignment.strategy": "range",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "session.timeout.ms": int(settings.session_seconds * 1000),
        "heartbeat.interval.ms": int(min(settings.session_seconds / 5, _HEARTBEAT_SECONDS) * 1000),
        "max.poll.interval.ms": int(max(settings.poll_seconds, settings.session_seconds) * 1000),
        "queued.max.messages.kbytes": 32 << 10,
        "error_cb": on_error,
        "fetch.wait.max.ms": 100,
    }
    if settings.member:
        config["group.instance.id"] = settings.member
    return Consumer(config)


def plain_consumer(settings: EngineSettings, name: str, *, wait_ms: int = 20) -> Consumer:
    """Return a reader of partitions assigned by hand, that asks again `wait_ms` after it has met the end.

    The client library wants a group's name; no group is joined.
    """
    return Consumer(
        {
            **_common(settings),
            "group.id": name,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": wait_ms,
        }
    )


def transactional_producer(settings: EngineSettings) -> Producer:
    """Return a producer with its transactions initialised. Raises EngineStopped when the broker refuses.

    murmur2_random is the partitioner of the Java clients: any other would part one account's records. The short
    transaction timeout bounds how long a killed worker's transaction can hold back its successor.
    """
    producer = Producer(
        {
            **_common(settings),
            "transactional.id": f"{settings.group}-{settings.member or uuid4()}",
            "transaction.timeout.ms": int(settings.transaction_seconds * 1000),
            "partitioner": "murmur2_random",
            "message.max.bytes": settings.max_message_bytes,
            "linger.ms": 5,
            "batch.num.messages": 10_000,
            "queue.buffering.max.messages": 1_000_000,
            "compression.type": "lz4",
        }
    )
    try:
        producer.init_transactions(settings.patience_seconds)
    except KafkaException as error:
        raise EngineStopped("no transactions", str(error)) from error
    return producer


class Watermarks:
    """Offsets and ids of topics as the cluster holds them, whatever transactions are open."""

    def __init__(self, settings: EngineSettings) -> None:
        self._admin = AdminClient(_common(settings))
        self._seconds = settings.patience_seconds

    def bounds(self, topic: str, number: int) -> tuple[int, int]:
        """Return the first offset and the high watermark (read uncommitted)."""
        return self._offset(topic, number, OffsetSpec.earliest()), self._offset(topic, number, OffsetSpec.latest())

    def ask_readable(self, places: Iterable[tuple[str, int]], seconds: float) -> list[Future[Any]]:
        """Ask, without waiting, where each partition ends for a reader of what is committed; in the places' order."""
        asked = [TopicPartition(topic, number) for topic, number in places]
        if not asked:
            return []
        found = self._admin.list_offsets(
            dict.fromkeys(asked, OffsetSpec.latest()),
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=seconds,
        )
        return [found[each] for each in asked]

    def partitions(self, topics: Sequence[str]) -> dict[str, int]:
        """Return how many partitions each topic has. Raises EngineStopped when one is missing."""
        found = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=self._seconds)
        counts: dict[str, int] = {}
        for topic in topics:
            try:
                counts[topic] = len(found[topic].result().partitions)
            except KafkaException as error:
                raise EngineStopped("topic missing", f"{topic}: {error}; create the topics first") from error
        return counts

    def topic_id(self, topic: str) -> str:
        """Return the cluster's id of the topic. Raises EngineStopped when there is no such topic."""
        found = self._admin.describe_topics(TopicCollection([topic]), request_timeout=self._seconds)
        try:
            return str(found[topic].result().topic_id)
        except KafkaException as error:
            raise EngineStopped("topic missing", f"{topic}: {error}; create the topics first") from error

    def _offset(self, topic: str, number: int, spec: OffsetSpec) -> int:
        """Ask until the partition's leader answers: it changes, and the client may not know the new one yet."""
        where = TopicPartition(topic, number)
        deadline = time.monotonic() + self._seconds
        while True:
            asked = self._admin.list_offsets(
                {where: spec},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=self._seconds,
            )
            try:
                return int(asked[where].result().offset)
            except KafkaException as error:
                if not is_passing(error.args[0]) or time.monotonic() > deadline:
                    raise EngineStopped("offsets unknown", f"{topic}-{number}: {error}") from error
            time.sleep(_PAUSE)


class ChangelogReader:
    """A changelog partition as a `Changelog`: read committed, with the end of the partition as a position.

    Records of aborted transactions and control records are never delivered; only the end-of-partition event tells
    that the reader has passed them.
    """

    def __init__(self, settings: EngineSettings, watermarks: Watermarks, topic: str, number: int) -> None:
        self.name = f"{topic}-{number}"
        self._where = (topic, number)
        self._watermarks = watermarks
        self._position = 0
        self._consumer = plain_consumer(settings, f"{settings.group}-restore")

    def bounds(self) -> tuple[int, int]:
        return self._watermarks.bounds(*self._where)

    def seek(self, offset: int) -> None:
        self._position = offset
        self._consumer.assign([TopicPartition(*self._where, offset)])

    def read(self) -> Chunk:
        changes: list[tuple[bytes, bytes | None]] = []
        for message in self._consumer.consume(_CHUNK, timeout=0.05):
            error = message.error()
            if error is None:
                changes.append((message.key() or b"", message.value()))
                self._position = message.offset() + 1
            elif error.code() == END_OF_PARTITION:
                self._position = max(self._position, message.offset())
            elif not is_passing(error):
                raise EngineStopped("changelog unreadable", f"{self.name}: {error}")
        return Chunk(changes, self._position)

    def close(self) -> None:
        self._consumer.close()


def committed_offsets(
    consumer: Consumer, partitions: Iterable[TopicPartition], patience: float, beat: Callable[[], object]
) -> dict[tuple[str, int], int | None]:
    """Return the group's committed offsets once no transaction is pending on them, None where there are none.

    `patience` in seconds; `beat` is called before each attempt. Raises EngineStopped.
    """
    asked = list(partitions)
    deadline = time.monotonic() + patience
    while asked:
        beat()
        try:
            found = consumer.committed(asked, timeout=patience)
            broken = next((each.error for each in found if each.error is not None), None)
        except KafkaException as error:
            broken = error.args[0]
        if broken is None:
            return {(each.topic, each.partition): each.offset if each.offset >= 0 else None for each in found}
        if not is_passing(broken) or time.monotonic() > deadline:
            raise EngineStopped("offsets unknown", f"member {consumer.memberid()}: {broken}")
        time.sleep(_PAUSE)
    return {}


def _common(settings: EngineSettings) -> dict[str, Any]:
    return {"bootstrap.servers": settings.bootstrap, "log.connection.close": False, "log_level": 5, **settings.client}
