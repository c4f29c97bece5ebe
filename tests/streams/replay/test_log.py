from collections.abc import Iterator

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.stack import Stack
from streams.replay.log import Bounds, KafkaLog, LogError
from tests.support.topics import create_topics
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers

_STORED_MS = 1_700_000_000_000


@pytest.fixture
def topic(stack: Stack, prefix: str) -> str:
    """A topic of two partitions, ten records in the first, stored a second apart."""
    name = f"{prefix}survey"
    create_topics(stack.bootstrap, NewTopic(name, 2, 1))
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    for number in range(10):
        producer.produce(name, str(number).encode(), partition=0, timestamp=_STORED_MS + number * 1000)
    assert producer.flush(60) == 0
    return name


@pytest.fixture
def log(stack: Stack) -> Iterator[KafkaLog]:
    opened = KafkaLog(stack.bootstrap, {})
    yield opened
    opened.close()


def test_a_partition_is_read_from_one_offset_up_to_another(log: KafkaLog, topic: str) -> None:
    """A replay stops exactly where the workers stand, and goes on from there: no record twice, none left out."""
    assert log.bounds([topic]) == {(topic, 0): Bounds(0, 10), (topic, 1): Bounds(0, 0)}
    parts = [(0, 4), (4, 4), (4, 10)]
    read = [record.value() for start, end in parts for batch in log.read((topic, 0), start, end) for record in batch]
    assert read == [str(number).encode() for number in range(10)]
    assert list(log.read((topic, 1), 0, 0)) == []


def test_a_stretch_that_ends_in_a_transactions_mark_is_read_to_its_end(log: KafkaLog, topic: str, stack: Stack) -> None:
    """Whoever writes in transactions leaves offsets without records; waiting for them would never end."""
    producer = Producer({"bootstrap.servers": stack.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"last", partition=0)
    producer.commit_transaction(30)
    wait_until(lambda: log.bounds([topic])[topic, 0].high == 12)  # the mark follows the commit's answer
    assert sum(len(batch) for batch in log.read((topic, 0), 0, 12)) == 11


def test_times_are_found_by_the_brokers_index(log: KafkaLog, topic: str) -> None:
    """A range by time begins with the first record stored at that time, and never with one before it."""
    stored = _STORED_MS * 1000
    assert log.at((topic, 0), stored) == 0
    assert log.at((topic, 0), stored + 3_000_000) == 3
    assert log.at((topic, 0), stored + 3_000_001) == 4
    assert log.at((topic, 0), stored + 9_000_001) is None
    assert log.at((topic, 1), stored) is None


def test_lost_records_show_in_the_bounds(log: KafkaLog, topic: str, stack: Stack) -> None:
    """Retention, or somebody with a console, cuts the beginning; a plan must learn of it."""
    cut = TopicPartition(topic, 0, 3)
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.delete_records([cut])[cut].result(60)
    assert log.bounds([topic])[topic, 0] == Bounds(3, 10)


def test_a_missing_topic_is_named(log: KafkaLog, topic: str) -> None:
    """An empty generation would otherwise look like a successful rebuild of nothing."""
    with pytest.raises(LogError, match=f"there is no topic {topic}x"):
        log.bounds([topic, f"{topic}x"])


def test_a_topic_made_anew_has_another_id(log: KafkaLog, topic: str, prefix: str, stack: Stack) -> None:
    """Its offsets mean other events, so a plan must not be carried out on it."""
    before, other = log.ids([topic])[topic], f"{prefix}other"
    create_topics(stack.bootstrap, NewTopic(other, 1, 1))
    assert log.ids([topic]) == {topic: before}
    assert log.ids([other])[other] != before
    assert log.cluster()
