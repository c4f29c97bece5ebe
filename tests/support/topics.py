"""Topics that can be used from the moment on at which a test has them.

A broker says that it has made a topic when the controller has noted it; what it tells clients of its topics may lag
behind that for a while, longer under load.
"""

from collections.abc import Mapping

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec, TopicMetadata

from tests.support.waiting import wait_until

_SECONDS = 60


def create_topics(bootstrap: str, *new: NewTopic) -> None:
    """Create topics and return when the broker lists each of them with all of its partitions."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for done in admin.create_topics(list(new)).values():
        done.result(_SECONDS)
    _await_partitions(admin, {topic.topic: topic.num_partitions for topic in new})


def grow_topics(bootstrap: str, partitions: Mapping[str, int]) -> None:
    """Give topics that exist so many partitions, and return when the broker lists them."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for done in admin.create_partitions([NewPartitions(*each) for each in partitions.items()]).values():
        done.result(_SECONDS)
    _await_partitions(admin, partitions)


def delete_topic(bootstrap: str, name: str) -> None:
    """Delete a topic and return when the broker does not list it any more."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([name])[name].result(_SECONDS)
    wait_until(lambda: name not in admin.list_topics(timeout=_SECONDS).topics)


def written(bootstrap: str, topic: str) -> int:
    """Tell how many offsets a topic has given out in all its partitions, whoever may read them by now."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    partitions = admin.list_topics(topic, timeout=_SECONDS).topics[topic].partitions
    asked = {TopicPartition(topic, number): OffsetSpec.latest() for number in partitions}
    return sum(answer.result(_SECONDS).offset for answer in admin.list_offsets(asked).values()) if asked else 0


def _await_partitions(admin: AdminClient, wanted: Mapping[str, int]) -> None:
    def listed() -> bool:
        topics = admin.list_topics(timeout=_SECONDS).topics
        return all(name in topics and _whole(topics[name], count) for name, count in wanted.items())

    wait_until(listed)


def _whole(topic: TopicMetadata, partitions: int) -> bool:
    return (
        topic.error is None
        and len(topic.partitions) == partitions
        and all(each.error is None for each in topic.partitions.values())
    )
