import pytest

from schemas.catalogue import AVRO_DIR, load_schemas, schema_path
from schemas.topics import TOPICS_DIR, Topic, load_topics

TOPICS = load_topics()
SOURCES = {"survey", "reference", "config", "billing", "support"}


def test_each_topic_stands_in_a_file_of_its_name() -> None:
    """Topics are looked up by file name when people read them and by name when programs do."""
    assert {path.stem for path in TOPICS_DIR.iterdir()} == set(TOPICS)


def test_the_topics_that_programs_name_exist() -> None:
    """Workers, the launcher and the command line name these topics."""
    changelogs = {f"{source}-changelog" for source in SOURCES}
    assert set(TOPICS) == SOURCES | {"signals", "dead-letters", "account-changelog", "raw"} | changelogs


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_co_partitioned_topics_have_one_partition_count(topic: Topic) -> None:
    """A worker joins its state to its input by partition number."""
    if topic.co_partitioned_with is not None:
        assert topic.partitions == TOPICS[topic.co_partitioned_with].partitions


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_nothing_but_raw_deliveries_expires_and_records_carry_the_brokers_time(topic: Topic) -> None:
    """The log of record is kept for ever, what it was made from for its days alone.

    `ingested_at` is the time at which the broker stored a record.

    What workers write carries it as well: dated by themselves, it is refused as soon as a clock is an hour ahead.
    """
    config = topic.broker_config(30)
    assert config["retention.ms"] == ("2592000000" if topic.name == "raw" else "-1")
    assert config["retention.bytes"] == "-1"
    assert (config["cleanup.policy"] == "compact") == topic.name.endswith("-changelog")
    assert config["message.timestamp.type"] == "LogAppendTime"


def test_every_schema_file_is_declared_by_its_topic() -> None:
    """An orphaned file would look released and be used by nobody."""
    declared = {schema_path(s.topic, s.event_type, s.version) for s in load_schemas().values()}
    assert set(AVRO_DIR.rglob("*.*")) == declared


def test_an_event_type_belongs_to_one_topic() -> None:
    """Decoding finds a type by its schema alone, so two topics cannot share one."""
    types = [event_type for topic in TOPICS.values() for event_type in topic.event_types]
    assert len(types) == len(set(types))
