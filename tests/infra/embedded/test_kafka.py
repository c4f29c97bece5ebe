"""The embedded Kafka keeps the log of record: started, stopped and killed, it must keep what it acknowledged."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from infra.embedded import kafka
from infra.embedded.errors import EmbeddedServerError, PortTakenError

pytestmark = pytest.mark.servers

LARGE = bytes(12 * 1024 * 1024)


def create(bootstrap: str, topic: str, **config: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for created in admin.create_topics([NewTopic(topic, 1, 1, config=config)]).values():
        created.result(timeout=60)


def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    """Produce in one transaction, as the engine does."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic, "message.max.bytes": 16_000_000})
    producer.init_transactions(60)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value)
    producer.commit_transaction(60)


def values(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "fetch.max.bytes": 32_000_000})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        messages = consumer.consume(count, timeout=60)
        assert not [message.error() for message in messages if message.error()]
        return [message.value() for message in messages]
    finally:
        consumer.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kafka")


@pytest.fixture(scope="module")
def broker(home: Path) -> Iterator[kafka.KafkaServer]:
    with kafka.start(home, extra={"log.cleaner.backoff.ms": "1234"}) as server:
        yield server


def test_a_transaction_of_a_large_message_goes_through(broker: kafka.KafkaServer) -> None:
    """A dead letter carries its whole source record, so the broker takes more than an event may be."""
    create(broker.bootstrap, "large", **{"max.message.bytes": "16000000"})
    produce(broker.bootstrap, "large", b"small", LARGE)
    assert values(broker.bootstrap, "large", 2) == [b"small", LARGE]


def test_a_misspelt_topic_is_an_error(broker: kafka.KafkaServer) -> None:
    """Created by accident, it would have one partition and a week's retention."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "message.timeout.ms": 2000})
    outcomes: list[KafkaError | None] = []
    producer.produce("nosuch", b"lost", on_delivery=lambda error, _: outcomes.append(error))
    producer.flush(10)
    assert len(outcomes) == 1
    assert outcomes[0] is not None
    assert "nosuch" not in AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics().topics


def test_a_fault_test_may_change_the_broker(broker: kafka.KafkaServer) -> None:
    """Fault tests shorten time-outs that would cost them minutes."""
    resource = ConfigResource(ResourceType.BROKER, "1")
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    assert admin.describe_configs([resource])[resource].result(timeout=60)["log.cleaner.backoff.ms"].value == "1234"


def test_a_directory_in_use_is_refused_and_its_broker_goes_on(broker: kafka.KafkaServer, home: Path) -> None:
    """Running `make up` in two terminals must not break the first."""
    with pytest.raises(EmbeddedServerError, match=f"in use by process {broker.pid}"):
        kafka.start(home)
    deadline = time.monotonic() + 30
    while not kafka.serves(broker.bootstrap):  # it waits a second for the answer
        assert time.monotonic() < deadline


def test_a_running_broker_is_found_by_its_directory(broker: kafka.KafkaServer, home: Path) -> None:
    """`cx down` is another process than the `cx up --detach` that started the broker."""
    found = kafka.running(home)
    assert found is not None
    assert (found.pid, found.bootstrap) == (broker.pid, broker.bootstrap)


def test_a_restart_keeps_the_log_and_takes_seconds(tmp_path: Path) -> None:
    """After a clean end and after a kill alike, on the port that clients know, without the network."""
    with kafka.start(tmp_path) as server:
        bootstrap = server.bootstrap
        create(server.bootstrap, "kept")
        produce(server.bootstrap, "kept", b"1", b"2")
    said: list[str] = []
    began = time.monotonic()
    with kafka.start(tmp_path, log=said.append) as server:
        took = time.monotonic() - began
        # A commit is answered before its markers are written: the kill comes between the two more often than not.
        produce(server.bootstrap, "kept", b"3")
        os.kill(server.pid, signal.SIGKILL)
    with kafka.start(tmp_path) as server:
        assert server.bootstrap == bootstrap
        assert values(bootstrap, "kept", 3) == [b"1", b"2", b"3"]
    assert took < 60  # three seconds where nothing else runs
    assert said == []  # nothing was fetched


def leader_epoch(bootstrap: str, topic: str) -> int:
    where = TopicPartition(topic, 0)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    asked = admin.list_offsets({where: OffsetSpec.latest()})
    return int(asked[where].result(timeout=60).leader_epoch)


def test_a_broker_that_was_stopped_for_a_while_stays_leader(tmp_path: Path) -> None:
    """Fenced, it would be without leaders for a moment, in which Kafka drops commit markers (ADR 0078)."""
    with kafka.start(tmp_path) as server:
        create(server.bootstrap, "frozen")
        produce(server.bootstrap, "frozen", b"1")
        before = leader_epoch(server.bootstrap, "frozen")
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(6)
        os.kill(server.pid, signal.SIGCONT)
        assert values(server.bootstrap, "frozen", 1) == [b"1"]
        time.sleep(1)
        assert leader_epoch(server.bootstrap, "frozen") == before


def test_a_taken_port_is_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    """Port 9092 is popular; the message must say which port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} on 127.0.0.1"):
            kafka.start(tmp_path, port=port)
    assert kafka.running(tmp_path) is None


def test_a_broker_that_refuses_its_settings_is_one_sentence(tmp_path: Path) -> None:
    """Java would print a page; and the half-started process must be gone."""
    with pytest.raises(EmbeddedServerError, match=r"Kafka did not start: .*num\.io\.threads"):
        kafka.start(tmp_path, extra={"num.io.threads": "none"})
    assert kafka.running(tmp_path) is None
