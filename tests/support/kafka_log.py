"""What a topic holds."""

import time
import uuid

from confluent_kafka import Consumer, Message

from infra.stack import Stack


def stored(stack: Stack, topic: str, count: int) -> list[Message]:
    """Read `count` records from the beginning, and give up after a minute."""
    settings = {"bootstrap.servers": stack.bootstrap, "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    found: list[Message] = []
    deadline = time.monotonic() + 60
    try:
        while len(found) < count and time.monotonic() < deadline:
            found += consumer.consume(count, timeout=0.5)
    finally:
        consumer.close()
    return found
