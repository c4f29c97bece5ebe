from collections.abc import Iterator

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.stack import Stack
from streams.replay.log import KafkaLog, LogError

pytestmark = pytest.mark.servers


@pytest.fixture
def topic(stack: Stack, prefix: str) -> str:
    """A topic of two partitions, ten records in the first."""
    name = f"{prefix}survey"
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(10)
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    for number in range(10):
        producer.produce(name, str(number).encode(), partition=0)
    assert producer.flush(10) == 0
    return name


@pytest.fixture
def log(stack: Stack) -> Iterator[KafkaLog]:
    opened = KafkaLog(stack.bootstrap, {})
    yield opened
    opened.close()


def test_a_partition_is_read_from_one_offset_up_to_another(log: KafkaLog, topic: str) -> None:
    """A rebuild stops exactly where the workers stand, and goes on from there: no record twice, none left out."""
    assert log.ends([topic]) == {(topic, 0): 10, (topic, 1): 0}
    parts = [(0, 4), (4, 4), (4, 10)]
    read = [record.value() for start, end in parts for batch in log.read((topic, 0), start, end) for record in batch]
    assert read == [str(number).encode() for number in range(10)]
    assert list(log.read((topic, 1), 0, 0)) == []


def test_a_log_that_has_lost_its_beginning_is_refused(log: KafkaLog, topic: str, stack: Stack) -> None:
    """Rebuilt from what is left, the tables would silently be those of another history."""
    cut = TopicPartition(topic, 0, 3)
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.delete_records([cut])[cut].result(10)
    with pytest.raises(LogError, match=f"{topic}-0 begins at offset 3: its first events are gone"):
        log.ends([topic])


def test_a_missing_topic_is_named(log: KafkaLog, topic: str) -> None:
    """An empty generation would otherwise look like a successful rebuild of nothing."""
    with pytest.raises(LogError, match=f"there is no topic {topic}x"):
        log.ends([topic, f"{topic}x"])
