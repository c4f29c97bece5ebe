"""Measure how far the workers stand: records stored, records taken in, and what waits between the two."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from kafka.admin import OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupIdNotFoundError,
    NotCoordinatorError,
)
from kafka.structs import TopicPartition

from infra import topics, wiring
from infra.deployment import worker_directory
from infra.health import endpoints
from infra.workers import LOG
from schemas.topics import load_topics

_PATIENCE_S = 120.0
_COORDINATOR_S = 20.0

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import Settings


class TooSlowError(Exception):
    """The worker has not taken everything in; the message is one sentence."""


class Standing(msgspec.Struct, frozen=True):
    """Records of one topic: ``stored`` on the broker and ``taken`` by the group of workers."""

    topic: str
    stored: int
    taken: int

    @property
    def lag(self) -> int:
        return max(0, self.stored - self.taken)


def sources(settings: Settings) -> list[str]:
    """Return the full names of the topics that workers read."""
    found = load_topics().values()
    return [settings.topic_prefix + topic.name for topic in found if topic.event_types and topic.name != "signals"]


def settle(settings: Settings, turn: Callable[[], object]) -> None:
    """Wait until the workers have taken in everything that is stored, and done what follows from it by now.

    What follows are deadlines that are due, and what the account stage makes of it: a cycle or two later. Of workers
    elsewhere nobody knows that here. `turn` is called a few times a second.
    Raises TooSlowError when nothing is taken in, or done, for two minutes.
    """
    watch, left, deadline = Watch(settings), (-1, 0), time.monotonic() + _PATIENCE_S
    try:
        while any(now := _left(watch, settings)):
            if now != left:
                left, deadline = now, time.monotonic() + _PATIENCE_S
            elif time.monotonic() > deadline:
                log = worker_directory(settings, 1) / LOG
                what = f"{now[0]:,} events wait and none is taken in" if now[0] else "workers have more to do"
                raise TooSlowError(f"{what} for {_PATIENCE_S:.0f} s: look at {log}")
            turn()
            time.sleep(0.2)
    finally:
        watch.close()


def _left(watch: Watch, settings: Settings) -> tuple[int, int]:
    """Return how many records wait, and how many partitions have something to do, or are nobody's, where none does."""
    if lag := watch.lag():
        return lag, 0
    found = endpoints.undone(settings)
    if found is None:
        return 0, 0
    owned, undone = found
    return 0, undone + max(0, len(watch.ends()) - owned)


class Watch:
    """Reads the standing again and again over one administration client."""

    def __init__(self, settings: Settings, *, patience_s: float = 30.0) -> None:
        self._settings = settings
        self._admin = wiring.admin(settings, patience_s=patience_s)
        self._sources = sources(settings)

    @property
    def admin(self) -> Any:
        """The administration client, for questions beside those below."""
        return self._admin

    def close(self) -> None:
        self._admin.close()

    def ends(self) -> dict[TopicPartition, int]:
        """Return the high watermark of every partition of the source topics."""
        counts = topics.partition_counts(self._admin)
        asked = {
            TopicPartition(topic, number): OffsetSpec.LATEST
            for topic in self._sources
            for number in range(counts.get(topic, 0))
        }
        found = self._admin.list_partition_offsets(asked) if asked else {}
        return {partition: answer.offset for partition, answer in found.items()}

    def taken(self) -> dict[TopicPartition, int]:
        """Return the group's committed offsets, 0 for a partition that it has not committed on."""
        committed = self._committed(time.monotonic() + _COORDINATOR_S)
        return {partition: max(0, answer.offset) for partition, answer in committed.items()}

    def _committed(self, deadline: float) -> dict[Any, Any]:
        """Ask the group's coordinator; a new broker has none until the topic that offsets live in is made."""
        group = self._settings.group
        while True:
            try:
                found: dict[Any, Any] = self._admin.list_group_offsets(group).get(group, {})
            except GroupIdNotFoundError:
                return {}
            except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return found

    def now(self) -> list[Standing]:
        """Return the standing of every source topic."""
        ends, taken = self.ends(), self.taken()
        return [
            Standing(
                topic,
                sum(end for partition, end in ends.items() if partition.topic == topic),
                sum(taken.get(partition, 0) for partition in ends if partition.topic == topic),
            )
            for topic in self._sources
        ]

    def lag(self) -> int:
        return sum(standing.lag for standing in self.now())
