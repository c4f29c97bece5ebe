"""Fills a topic with encoded events, and makes and removes the topics of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
COMPACTED = {"cleanup.policy": "compact"}
LOG_APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}

Encode = Callable[[str, Mapping[str, Any]], bytes]


def create_topics(admin: AdminClient, topics: Mapping[str, Mapping[str, str]]) -> None:
    """Creates topics of four partitions with the given settings. Raises KafkaException."""
    wanted = [NewTopic(name, PARTITIONS, 1, config=dict(config)) for name, config in topics.items()]
    for made in admin.create_topics(wanted).values():
        made.result()


def fill(bootstrap: str, topic: str, event_type: str, events: Iterable[Mapping[str, Any]], encode: Encode) -> int:
    """Produces the events keyed by account and waits for the broker. Returns their number. Raises KafkaException."""
    producer = _producer(bootstrap)
    refused: list[KafkaException] = []
    sent = 0
    for fields in events:
        _produce(producer, topic, fields["account_id"], encode(event_type, fields), refused)
        sent += 1
    producer.flush()
    if refused:
        raise refused[0]
    return sent


def _producer(bootstrap: str) -> Producer:
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 20,
            "queue.buffering.max.messages": 500_000,
        }
    )


def _produce(producer: Producer, topic: str, key: str, value: bytes, refused: list[KafkaException]) -> None:
    def delivered(error: Any, _message: Any) -> None:
        if error is not None:
            refused.append(KafkaException(error))

    while True:
        try:
            producer.produce(topic, value, key, on_delivery=delivered)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return
