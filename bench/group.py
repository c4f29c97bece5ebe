"""What the broker knows of a run: how far it has come, and whether its workers hold partitions."""

from __future__ import annotations

from typing import Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

TIMEOUT_S = 10.0


class Progress(Protocol):
    """Read-only view of a run. Every method asks the broker."""

    def done(self) -> int:
        """Events done so far; 0 while the broker cannot say."""
        ...

    def workers(self) -> int:
        """Members of the consumer group that hold at least one partition."""
        ...


def observer(bootstrap: str, group: str) -> Consumer:
    """A client that asks about a group without joining it. Uncommitted reads: it never waits for a transaction."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": False,
            "log_level": 0,  # what fails is raised
        }
    )


def end_of(watching: Consumer, topic: str, partitions: int) -> int:
    """Records of a topic whose log starts at offset 0 and holds no transaction markers. Raises KafkaException."""
    wanted = (TopicPartition(topic, number) for number in range(partitions))
    return sum(watching.get_watermark_offsets(each, timeout=TIMEOUT_S)[1] for each in wanted)


class Group:
    """A consumer group reading topics of so many partitions each. An event is done once its offset is committed."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int, *others: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._group = group
        self._watching = observer(bootstrap, group)
        self._parts = [TopicPartition(each, number) for each in (topic, *others) for number in range(partitions)]

    def done(self) -> int:
        try:
            found = self._watching.committed(self._parts, timeout=TIMEOUT_S)
        except KafkaException:
            return 0  # the group's coordinator is still loading
        return sum(max(each.offset, 0) for each in found)

    def workers(self) -> int:
        try:
            described = self._admin.describe_consumer_groups([self._group], request_timeout=TIMEOUT_S)
            members = described[self._group].result().members
        except KafkaException:
            return 0  # the group does not exist before its first member has joined
        return sum(1 for member in members if member.assignment and member.assignment.topic_partitions)


class Outputs(Group):
    """A group whose commits trail its work: an event is done once its output record stands in the log.

    Right only for a contender that writes one record per event to `output`, without transactions.
    """

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int, *, output: str) -> None:
        super().__init__(bootstrap, group, topic, partitions)
        self._output = output
        self._partitions = partitions

    def done(self) -> int:
        return end_of(self._watching, self._output, self._partitions)
