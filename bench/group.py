"""What the broker knows of a run: how far it has come, and whether its workers hold partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S = 10.0


class Progress(Protocol):
    """Read-only view of a run. Every method asks the broker and raises KafkaException when it does not answer."""

    def done(self) -> int: ...

    def workers(self) -> int:
        """Members of the consumer group that hold at least one partition."""
        ...


def end_of(admin: AdminClient, topic: str, partitions: int) -> int:
    """Records of a topic whose log starts at offset 0 and holds no transaction markers."""
    asked = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(partitions)}
    answers = admin.list_offsets(asked, request_timeout=TIMEOUT_S).values()
    return sum(answer.result().offset for answer in answers)


class Group:
    """A consumer group reading `topic`. An event is done once its offset is committed."""

    def __init__(self, admin: AdminClient, group: str, topic: str, partitions: int) -> None:
        self._admin = admin
        self._group = group
        self._parts = [TopicPartition(topic, number) for number in range(partitions)]

    def done(self) -> int:
        request = ConsumerGroupTopicPartitions(self._group, self._parts)
        answer = self._admin.list_consumer_group_offsets([request], request_timeout=TIMEOUT_S)[self._group]
        return sum(max(part.offset, 0) for part in answer.result().topic_partitions)

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

    def __init__(self, admin: AdminClient, group: str, topic: str, partitions: int, *, output: str) -> None:
        super().__init__(admin, group, topic, partitions)
        self._end: Callable[[], int] = lambda: end_of(admin, output, partitions)

    def done(self) -> int:
        return self._end()
