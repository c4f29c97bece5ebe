"""The states of a filled generation, written into changelogs from which workers go on.

Nobody reads these topics before the line in the log of promotions names them, so what was cut short is begun anew:
the topics are made anew each time.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
from confluent_kafka import KafkaException, Producer
from kafka.errors import KafkaError, TopicAlreadyExistsError

from infra import topics, wiring
from infra.replaying.place import state_directory
from infra.replaying.running import stage_tasks
from streams.live.engine import checkpoint
from streams.live.fold.stage import NAME
from streams.live.store.rocks import RocksStore
from streams.replay.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.settings import Settings
    from streams.live.engine.settings import EngineSettings
    from streams.replay.log import Place

_PATIENCE_S = 60.0
_FLUSH_S = 120.0
_PAUSE_S = 0.2


def seed(settings: Settings, generation: str, name: str, until: Mapping[Place, int]) -> int:
    """Write the states of a generation into the changelogs of that name; return how many records these have.

    `until` says where the workers stand, which is where the states must stand. Raises PlanError or Unreachable.
    """
    told = msgspec.structs.replace(wiring.engine_settings(settings), state=name)
    counts = _made(settings, told)
    writer = _Writer(settings, told)
    staged = {(each.topic, each.partition): each.end for each in stage_tasks(settings, until)}
    for (topic, number), end in sorted({**until, **staged}.items()):
        with closing(RocksStore(state_directory(settings, generation) / f"{topic}-{number}")) as store:
            if store.position.changelog != end:
                raise PlanError(
                    f"the state of {topic}-{number} in {generation} stands at {store.position.changelog:,}, the"
                    f" workers at {end:,}: give the same command again"
                )
            changelog = told.changelog(topic)
            for key, value in store.scan():
                writer.write(changelog, number, key, value)
            # A stage consumes nothing: its checkpoint only says that there is a state.
            last = checkpoint.Checkpoint(0 if (topic, number) in staged else end, partitions=counts[changelog])
            writer.write(changelog, number, checkpoint.CHECKPOINT_KEY, checkpoint.encode(last))
    return writer.flush()


def discard(settings: Settings, name: str) -> None:
    """Delete the changelogs of a state that nobody goes back to; the deployment's first ones, without a name, stay."""
    admin = wiring.admin(settings)
    try:
        there = topics.partition_counts(admin)
        names = [each.name for each in topics.changelogs(settings, name) if name and each.name in there]
        if names:
            admin.delete_topics(names)
    finally:
        admin.close()


def _made(settings: Settings, told: EngineSettings) -> dict[str, int]:
    """Make the changelogs, deleting those that an attempt has left; return how many partitions each has."""
    discard(settings, told.state)
    admin = wiring.admin(settings)
    try:
        counts = topics.partition_counts(admin)
        wanted, end = topics.changelogs(settings, told.state), f"-changelog-{told.state}"
        # As many as the topic of events has: the states are those of its partitions.
        stage, first = told.topic(NAME), told.topic(told.siblings[0])
        given = {
            each.name: counts[first if each.name == told.changelog(stage) else each.name.removesuffix(end)]
            for each in wanted
        }
        order = {
            each.name: {
                "num_partitions": given[each.name],
                "replication_factor": settings.replication,
                "configs": each.configs,
            }
            for each in wanted
        }
        _create(admin, order)
    finally:
        admin.close()
    return given


def _create(admin: Any, order: Mapping[str, Any]) -> None:
    """Create topics; the broker takes a moment to forget those that were deleted."""
    deadline, left = time.monotonic() + _PATIENCE_S, sorted(order)
    while left:
        try:
            admin.create_topics({left[0]: order[left[0]]}, wait_for_metadata=True)
        except TopicAlreadyExistsError as error:
            if time.monotonic() > deadline:
                raise wiring.Unreachable(f"Kafka does not delete {left[0]}: {error}") from error
            time.sleep(_PAUSE_S)
        except KafkaError as error:
            raise wiring.Unreachable(f"Kafka does not create {left[0]}: {error}") from error
        else:
            del left[0]


class _Writer:
    """Write records to partitions, each confirmed by all replicas before `flush` returns."""

    def __init__(self, settings: Settings, told: EngineSettings) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": told.bootstrap,
                **told.client,
                "enable.idempotence": True,
                "compression.type": "lz4",
                "message.max.bytes": told.max_message_bytes,
                "linger.ms": 5,
                "log_level": 5,
            }
        )
        self._where = settings.kafka_bootstrap
        self._written, self._failed = 0, list[object]()

    def write(self, topic: str, number: int, key: bytes, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, number, on_delivery=self._told)
            except BufferError:  # the queue is full: let it drain
                self._producer.poll(0.1)
            except KafkaException as error:
                raise wiring.Unreachable(f"Kafka did not store a record of {topic}: {error}") from error
            else:
                self._producer.poll(0)
                return

    def _told(self, error: object, _message: object) -> None:
        if error is None:
            self._written += 1
        else:
            self._failed.append(error)

    def flush(self) -> int:
        left = self._producer.flush(_FLUSH_S)
        if left or self._failed:
            said = self._failed[0] if self._failed else f"{left:,} records were not confirmed"
            raise wiring.Unreachable(f"Kafka at {self._where} did not store the state: {said}")
        return self._written
