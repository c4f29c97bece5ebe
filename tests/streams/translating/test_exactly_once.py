"""What was accepted is told exactly once, whenever the translator dies, and what waits is there with its reason.

No fake broker has transactions that a killed process leaves open, so a real one is asked.
"""

import base64
import json
import os
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition

from infra import topics, translating, wiring
from infra.settings import Settings, from_environment
from infra.stack import Stack
from streams.ingest.raw import BodyKeys, Raw
from streams.live.engine.crash_points import EXIT_STATUS
from streams.translating.counting import Counts

pytestmark = pytest.mark.servers
KEY = bytes(range(32))
CUSTOMERS = 30
SOURCES = """
stripe:
  main: {body_keys: [file:body.key], accounts: {metadata_key: account}}
"""


@pytest.fixture
def surroundings(stack: Stack, prefix: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "body.key").write_text(base64.b64encode(KEY).decode())
    (tmp_path / "sources.yaml").write_text(SOURCES)
    return {
        "CX_STACK": "external",
        "CX_KAFKA_BOOTSTRAP": stack.bootstrap,
        "CX_TOPIC_PREFIX": prefix,
        "CX_GROUP": prefix,
        "CX_PARTITIONS": "2",
        "CX_SOURCES": str(tmp_path / "sources.yaml"),
        "CX_DATA_DIR": str(tmp_path),
    }


def delivery(number: int) -> bytes:
    customer = {"id": f"cus_{number}", "metadata": {"account": f"acme-{number % 7}"}}
    told = {"type": "customer.created", "created": 1_700_000_000, "livemode": True, "data": {"object": customer}}
    return json.dumps({"id": f"evt_{number}", **told}).encode()


def store(settings: Settings) -> list[bytes]:
    """Put deliveries on the raw topic as a receiver does; return the ciphertext of the one that is no JSON."""
    topic = f"{settings.topic_prefix}raw.stripe"
    bodies = {f"evt_{number}": delivery(number) for number in range(CUSTOMERS)}
    bodies |= {"evt_odd": b"no JSON", "evt_new": b'{"id": "evt_new", "type": "radar.early_fraud_warning.created"}'}
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "acks": "all"})
    odd = []
    for name, body in bodies.items():
        closed = BodyKeys([KEY]).close(topic, Raw("main", name, 0, {}, body), os.urandom(12))
        producer.produce(topic, closed.value, closed.key, headers=list(closed.headers))
        odd += [closed.value] if name == "evt_odd" else []
    assert producer.flush(60) == 0
    return odd


def translate(surroundings: dict[str, str], *options: str, crash: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cli", "translate", *options]
    own = {name: value for name, value in os.environ.items() if not name.startswith("CX_")}
    told = {**own, **surroundings, **({"CX_CRASH_AT": crash} if crash else {})}
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)


def committed(settings: Settings, name: str) -> list[Message]:
    """All that a reader of what is committed finds on a topic now."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    topic = settings.topic_prefix + name
    left = set(consumer.list_topics(topic, timeout=60).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
    found: list[Message] = []
    while left:
        for message in consumer.consume(500, timeout=1):
            if message.error() is None:
                found.append(message)
            else:
                left.discard(message.partition())
    consumer.close()
    return found


def event_ids(settings: Settings) -> Counter[str]:
    codec = wiring.codec(settings)
    return Counter(codec.decode(each.value())[1]["event_id"] for each in committed(settings, "reference"))


def test_each_delivery_is_told_once_across_kills_and_again(surroundings: dict[str, str]) -> None:
    """A kill between produce and commit must leave nothing, one behind the commit nothing to do again."""
    settings = from_environment(surroundings)
    admin: Any = wiring.admin(settings)
    topics.ensure(admin, settings)
    admin.close()
    (odd,) = store(settings)

    for point in ("before_commit:1", "after_commit:1"):
        killed = translate(surroundings, "--until-end", crash=point)
        assert killed.returncode == EXIT_STATUS, killed.stderr
    done = translate(surroundings, "--until-end")
    assert done.returncode == 0, done.stderr

    told = event_ids(settings)
    assert (len(told), set(told.values())) == (CUSTOMERS, {1})
    (letter,) = committed(settings, "dead-letters")
    known = dict(letter.headers())
    assert (letter.value(), known["cx-reason"], known["cx-source"]) == (odd, b"malformed", b"stripe:main")

    translators, counts = translating.Translators(settings, {}), Counts()
    (waits,) = translating.waiting(settings, translators)
    assert waits[:4] == ("stripe:main", "malformed", "malformed", 1)
    translating.again(settings, translators, counts, since=None)
    assert counts.unmapped == {("stripe", "main", "radar.early_fraud_warning.created"): 1}
    assert event_ids(settings) == Counter(dict.fromkeys(told, 2))
    assert len(committed(settings, "dead-letters")) == 1
