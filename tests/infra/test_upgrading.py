"""State of another format, on real servers and without workers: found out, left alone, and gone back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from infra import local, topics, upgrading, wiring
from infra.replaying import seeding
from infra.replaying.place import state_directory
from infra.settings import Settings
from sinks import generations, states
from sinks.states import WorkerState
from streams.live.engine import checkpoint
from streams.live.engine.checkpoint import CHECKPOINT_KEY, Checkpoint
from streams.live.engine.clients import ChangelogReader, Watermarks
from streams.live.engine.partition_layout import Layout
from streams.live.fold.partition import EPOCH_KEY, FORMAT_KEY
from streams.live.store.port import Position
from streams.live.store.rocks import RocksStore
from streams.replay.errors import PlanError

pytestmark = pytest.mark.servers


@pytest.fixture
def deployed(here: Settings) -> Iterator[Settings]:
    """Topics and an empty cluster of tables; nothing is migrated yet."""
    admin = wiring.admin(here)
    topics.ensure(admin, here)
    admin.close()
    yield here
    with wiring.clickhouse(here) as client:
        client.execute(f"DROP DATABASE IF EXISTS `{here.database}_meta` SYNC")


def _write(here: Settings, topic: str, number: int, records: Mapping[bytes, bytes]) -> None:
    producer = Producer({"bootstrap.servers": here.kafka_bootstrap, "log_level": 5})
    for key, value in records.items():
        producer.produce(f"{here.topic_prefix}{topic}", value, key, number)
    assert producer.flush(30) == 0


def _commit(here: Settings, offsets: Mapping[tuple[str, int], int]) -> None:
    consumer = Consumer({"bootstrap.servers": here.kafka_bootstrap, "group.id": here.group, "log_level": 5})
    consumer.commit(offsets=[TopicPartition(*place, at) for place, at in offsets.items()], asynchronous=False)
    consumer.close()


def _committed(here: Settings) -> dict[tuple[str, int], int]:
    admin = wiring.admin(here)
    found = admin.list_group_offsets(here.group).get(here.group, {})
    admin.close()
    return {(place.topic, place.partition): answer.offset for place, answer in found.items() if answer.offset >= 0}


@pytest.mark.parametrize(
    ("written", "is_ours"),
    [
        ({}, True),
        ({CHECKPOINT_KEY: checkpoint.encode(Checkpoint(3))}, True),
        ({EPOCH_KEY: b"\0" * 8}, False),
        ({EPOCH_KEY: b"\0" * 8, FORMAT_KEY: b"99"}, False),
        ({EPOCH_KEY: b"\0" * 8, FORMAT_KEY: upgrading.FORMAT.encode()}, True),
    ],
    ids=["empty", "a mark alone", "no format", "a newer format", "this format"],
)
def test_whose_state_it_is_stands_in_the_changelogs(
    deployed: Settings, written: Mapping[bytes, bytes], is_ours: bool
) -> None:
    """A deployment of before has noted nothing elsewhere; it must not be taken for ours, nor ours for another one."""
    _write(deployed, "survey-changelog", 1, written)
    with wiring.clickhouse(deployed) as client:
        generations.create_log(client, wiring.warehouse(deployed))
        first = generations.create(client, wiring.warehouse(deployed))
        generations.record(client, wiring.warehouse(deployed), first)
        made = upgrading.migrate(deployed)
        assert (made.generation, made.is_ours) == (first, is_ours)
        views = client.execute(f"SELECT count() FROM system.tables WHERE database = '{deployed.database}'")[0][0]
    assert (views > 200) is is_ours, "views of the code only where its workers write"
    if not is_ours:
        with pytest.raises(wiring.OtherReleaseError, match="cx runbook upgrade"):
            local.prepare(deployed)
        known = wiring.worker_state(deployed)
        assert known is not None
        assert known.format == written.get(FORMAT_KEY, b"1").decode()


def test_a_fresh_deployment_is_noted_as_ours(deployed: Settings) -> None:
    """Later commands need not look into changelogs."""
    assert wiring.worker_state(deployed) is None
    local.prepare(deployed)
    assert wiring.worker_state(deployed) == WorkerState("", upgrading.FORMAT)


def test_the_way_back_sets_the_group_to_where_the_former_state_stands(deployed: Settings) -> None:
    """One offset that is left where the new state stood, and the former release's workers refuse to start."""
    survey, billing = f"{deployed.topic_prefix}survey", f"{deployed.topic_prefix}billing"
    _write(
        deployed,
        "survey-changelog",
        0,
        {b"key": b"value", CHECKPOINT_KEY: checkpoint.encode(Checkpoint(7, partitions=4))},
    )
    _write(deployed, "survey-changelog", 1, {CHECKPOINT_KEY: checkpoint.encode(Checkpoint(5, partitions=4))})
    _write(deployed, "survey-changelog", 1, {b"%d" % number: b"aborted" for number in range(700)})
    _commit(deployed, {(survey, 0): 9, (survey, 1): 5, (billing, 2): 4})
    for behind in (2, 0):
        assert upgrading.rewind(deployed, WorkerState("", "1")) == behind
        assert _committed(deployed) == {(survey, 0): 7, (survey, 1): 5}


def test_a_state_is_seeded_with_a_mark_at_the_end_of_every_partition(deployed: Settings) -> None:
    """What an attempt that died has left must not come back to life, and a state that lags must not be served."""
    survey, generation = f"{deployed.topic_prefix}survey", f"{deployed.database}_g2"
    for topic, kept in ((survey, {b"one": b"1", b"two": b"2"}), (f"{deployed.topic_prefix}account", {})):
        store = RocksStore(state_directory(deployed, generation) / f"{topic}-1")
        store.put_at(kept, Position(5))
        store.close()
    until = {(survey, 0): 0, (survey, 1): 5}
    with pytest.raises(PlanError, match="stands at 5, the workers at 6: give the same command again"):
        seeding.seed(deployed, generation, "g2", {(survey, 1): 6})
    _write(deployed, "survey-changelog-g2", 1, {b"left": b"over"})
    # Two records, and a mark in each of two partitions of the topic and of the stage that folds beside it.
    assert seeding.seed(deployed, generation, "g2", until) == 6
    told = wiring.engine_settings(deployed, state="g2")
    marks = Layout(told, Watermarks(told)).checkpoints()
    assert {place: mark.source for place, mark in marks.items() if mark is not None} == until
    reader = ChangelogReader(told, Watermarks(told), told.changelog(survey), 1)
    reader.seek(0)
    found: dict[bytes, bytes | None] = {}
    while (chunk := reader.read()).position < 3 or chunk.changes:
        found |= dict(chunk.changes)
    found |= dict(chunk.changes)
    reader.close()
    assert {key: value for key, value in found.items() if key != CHECKPOINT_KEY} == {b"one": b"1", b"two": b"2"}
    seeding.discard(deployed, "")
    seeding.discard(deployed, "g2")
    admin = wiring.admin(deployed)
    there = topics.partition_counts(admin)
    admin.close()
    assert f"{survey}-changelog" in there, "the first state of a deployment is never discarded"
    assert not [name for name in there if name.endswith("-g2")]


def test_a_state_that_another_generation_goes_with_is_in_use(deployed: Settings) -> None:
    """A rebuild inherits the state of the generation before it: dropping that one must leave the changelogs."""
    local.prepare(deployed)
    warehouse = wiring.warehouse(deployed)
    with wiring.clickhouse(deployed) as client:
        second, third = (generations.create(client, warehouse) for _ in range(2))
        states.note(client, warehouse, second, WorkerState("g2", upgrading.FORMAT))
        for each in (second, third):
            generations.record(client, warehouse, each)
        assert upgrading.names_without(deployed, client, second) == {"", "g2"}
        assert upgrading.names_without(deployed, client, third) == {"", "g2"}
        generations.record(client, warehouse, second, "back")
        assert upgrading.names_without(deployed, client, second) == {""}
