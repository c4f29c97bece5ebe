"""Fills a topic with encoded events, and makes and removes the topics of a run."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench.group import end_of, observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Encode = Callable[[Mapping[str, Any]], bytes]

PARTITIONS = 4
SETTLE_S = 30.0
_PASSING = (
    KafkaError.TOPIC_ALREADY_EXISTS,  # an earlier run's, on its way out
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its public name
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - its public name
)


def create_topic(bootstrap: str, name: str) -> None:
    """Creates a topic of four partitions, ready for use. Raises KafkaException."""
    admin, watching = _admin(bootstrap), observer(bootstrap, "bench-topics")
    _patiently(partial(_create, admin, NewTopic(name, PARTITIONS, 1)))
    _patiently(partial(end_of, watching, name, PARTITIONS))
    watching.close()


def _admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})  # what fails is raised


def _create(admin: AdminClient, topic: NewTopic) -> None:
    for created in admin.create_topics([topic]).values():
        created.result()


def delete_topics(bootstrap: str, names: Iterable[str]) -> None:
    """Removes topics and waits until they are gone, so that the next contender starts from nothing."""
    admin, going = _admin(bootstrap), set(names)
    for deleted in admin.delete_topics(list(going)).values():
        deleted.result()
    deadline = time.monotonic() + SETTLE_S
    while going & set(admin.list_topics(timeout=SETTLE_S).topics) and time.monotonic() < deadline:
        time.sleep(0.1)


def fill(bootstrap: str, topic: str, events: Iterable[Mapping[str, Any]], encode: Encode) -> int:
    """Produces the events keyed by account and waits for the broker. Returns their number. Raises KafkaException."""
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            refused.append(error)

    producer = _producer(bootstrap)
    sent = 0
    for fields in events:
        _produce(producer, topic, fields["account_id"], encode(fields), delivered)
        sent += 1
    producer.flush()
    if refused:
        raise KafkaException(refused[0])
    return sent


def _producer(bootstrap: str) -> Producer:
    """Uncompressed: Faust's client reads no LZ4 without a further package, and all read the same topic."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "log_level": 0,  # what fails is raised
            "partitioner": "murmur2_random",
            "acks": "all",
            "linger.ms": 20,
            "queue.buffering.max.messages": 500_000,
        }
    )


def _produce(producer: Producer, topic: str, key: str, value: bytes, delivered: Callable[..., None]) -> None:
    while True:
        try:
            producer.produce(topic, value, key, on_delivery=delivered)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def _patiently(call: Callable[[], object]) -> None:
    """Repeats a call while the cluster's view of its topics is settling."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        try:
            call()
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
