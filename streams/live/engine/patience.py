"""Wait for a Kafka client as long as waiting helps: for room in its queue, and for calls that pass later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Producer


def queued(producer: Producer, topic: str, value: bytes | None, key: bytes | None, **rest: Any) -> None:
    """Queue a record, once there is room for it."""
    while True:
        try:
            producer.produce(topic, value, key, **rest)
        except BufferError:  # the queue is full: let it drain
            producer.poll(0.1)
        else:
            return


def repeated(deadline: float, alive: Callable[[], object], call: Callable[..., None], *arguments: Any) -> None:
    """Repeat a call as long as the library says that repeating may help, but not past the deadline.

    The deadline is of the monotonic clock: a date that jumps makes no transaction longer or shorter. `alive` is called
    before each attempt. Raises KafkaException.
    """
    while True:
        alive()
        try:
            call(*arguments, max(1.0, deadline - time.monotonic()))
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
        else:
            return
