"""Ask Kafka about a deployment: how far the workers stand, who they are, and what holds them back."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kafka.admin import OffsetSpec
from kafka.protocol.consumer.offsets import IsolationLevel
from kafka.structs import TopicPartition

from infra import topics, wiring, workers
from infra.health.model import PATIENCE_S, Broker, OpenTransaction, Place
from infra.standing import Watch, sources
from streams.live.engine.partition_counts import unequal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.settings import Settings

_READ_S = 5.0
_SAMPLE_S = 1.0
Offsets = dict[TopicPartition, int]


def look(settings: Settings) -> Broker:
    """Look for about a second. Raises Unreachable and what kafka-python and librdkafka raise."""
    watch = Watch(settings, patience_s=PATIENCE_S)
    with closing(watch):
        began, first = time.monotonic(), watch.taken()
        admin = watch.admin
        counts = topics.partition_counts(admin)
        places = _places(settings, admin, watch)
        ours = [
            TopicPartition(topic, number)
            for topic in {each.name for each in topics.wanted(settings)} | set(_changelogs(settings, counts))
            for number in range(counts.get(topic, 0))
        ]
        transactions = _transactions(admin, ours)
        committed_at = _last_commit(admin, settings, counts)
        version = _version(admin)
        members, gone = group_members(admin, settings.group), workers.ended(settings)
        time.sleep(max(0.0, _SAMPLE_S - (time.monotonic() - began)))
        gained = sum(watch.taken().values()) - sum(first.values())
        rate = max(0.0, gained / (time.monotonic() - began))
    return Broker(
        version=version,
        places=places,
        rate=rate,
        last_commit_at=committed_at,
        members=[member["client_host"].lstrip("/") for member in members if member["group_instance_id"] not in gone],
        transactions=transactions,
        layout=layout(settings, counts),
    )


def layout(settings: Settings, counts: Mapping[str, int]) -> list[str]:
    """Return a sentence for each topic whose partitions are not what the others and the settings say."""
    wanted = {topic.name: topic.partitions for topic in topics.wanted(settings)}
    other = [
        f"{name} has {counts[name]} partitions instead of {wanted[name]}"
        for name in sources(settings)
        if counts.get(name, wanted[name]) != wanted[name]
    ]
    return other or unequal(settings.topic_prefix, wiring.engine_settings(settings).topics, counts)


def group_members(admin: Any, group: str) -> list[dict[str, Any]]:
    """Return the group's members as the coordinator describes them; none where there is no such group."""
    found: list[dict[str, Any]] = admin.describe_groups([group])[group]["members"]
    return found


def _version(admin: Any) -> str:
    node = admin.describe_cluster()["brokers"][0]["broker_id"]
    return ".".join(map(str, admin.get_broker_version_data(node).broker_version))


def _ends(admin: Any, places: Iterable[TopicPartition], level: IsolationLevel) -> Offsets:
    asked = dict.fromkeys(places, OffsetSpec.LATEST)
    found = admin.list_partition_offsets(asked, isolation_level=level) if asked else {}
    return {place: answer.offset for place, answer in found.items()}


def _places(settings: Settings, admin: Any, watch: Watch) -> list[Place]:
    high, taken = watch.ends(), watch.taken()
    stable = _ends(admin, high, IsolationLevel.READ_COMMITTED)
    behind = {place: taken.get(place, 0) for place in high if taken.get(place, 0) < stable[place]}
    oldest = _oldest(settings, behind)
    now = wiring.clock() / 1e6
    return [
        Place(
            place.topic,
            place.partition,
            stored=end,
            taken=taken.get(place, 0),
            waiting=stable[place] - taken.get(place, 0) if place in oldest else 0,
            hidden=max(0, end - max(stable[place], taken.get(place, 0))),
            seconds=max(0.0, now - at) if (at := oldest.get(place)) is not None else None,
        )
        for place, end in sorted(high.items())
    ]


def _oldest(settings: Settings, behind: Mapping[TopicPartition, int]) -> dict[TopicPartition, float | None]:
    """Return the time (s) of the first readable record from each offset on; where there is none, nothing.

    None for a partition that could not be read within a few seconds.
    """
    if not behind:
        return {}
    from confluent_kafka import TopicPartition as Assigned

    from streams.live.engine.clients import END_OF_PARTITION, plain_consumer

    found: dict[TopicPartition, float | None] = {}
    consumer = plain_consumer(wiring.engine_settings(settings), f"{settings.group}-status")
    with closing(consumer):
        consumer.assign([Assigned(place.topic, place.partition, offset) for place, offset in behind.items()])
        left, deadline = set(behind), time.monotonic() + _READ_S
        while left and time.monotonic() < deadline:
            for message in consumer.consume(1000, 0.2):
                place = TopicPartition(message.topic(), message.partition())
                if place not in left:
                    continue
                if message.error() is None:
                    found[place] = message.timestamp()[1] / 1000
                    left.discard(place)
                elif message.error().code() == END_OF_PARTITION:
                    left.discard(place)
            consumer.pause([Assigned(place.topic, place.partition) for place in behind if place not in left])
    return dict.fromkeys(left) | found


def _transactions(admin: Any, ours: list[TopicPartition]) -> list[OpenTransaction]:
    """Return who holds back the partitions whose last stable offset lies before their end."""
    high = _ends(admin, ours, IsolationLevel.READ_UNCOMMITTED)
    stable = _ends(admin, ours, IsolationLevel.READ_COMMITTED)
    held = [place for place in ours if stable[place] < high[place]]
    if not held:
        return []
    names = {each.producer_id: each.transactional_id for node in admin.list_transactions().values() for each in node}
    now = wiring.clock() / 1e6
    return [
        OpenTransaction(
            place.topic,
            place.partition,
            names.get(producer.producer_id, f"producer {producer.producer_id}"),
            producer.current_transaction_start_offset,
            max(0.0, now - producer.last_timestamp / 1000),
        )
        for place, state in admin.describe_producers(held).items()
        for producer in state.active_producers
        if producer.current_transaction_start_offset >= 0
    ]


def _changelogs(settings: Settings, counts: Mapping[str, int]) -> list[str]:
    """Return the changelogs that there are, of every state that the deployment has had."""
    first = {each.name for each in topics.changelogs(settings, "")}
    return [name for name in counts if name in first or name.rpartition("-")[0] in first]


def _last_commit(admin: Any, settings: Settings, counts: Mapping[str, int]) -> float | None:
    """Return when a worker last committed: every commit leaves a record in a changelog, whose time is the worker's."""
    asked = {
        TopicPartition(topic, number): OffsetSpec.MAX_TIMESTAMP
        for topic in _changelogs(settings, counts)
        for number in range(counts[topic])
    }
    found = admin.list_partition_offsets(asked) if asked else {}
    newest = max((answer.timestamp for answer in found.values()), default=-1)
    return newest / 1000 if newest > 0 else None
