"""Topics as the broker has them, held against the records in schemas/topics: created where missing, never changed."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
from kafka.admin import ConfigResource, ConfigResourceType

from infra import wiring
from schemas.topics import Topic, load_topics
from streams.live.engine.partition_counts import REMEDY

if TYPE_CHECKING:
    from infra.settings import Settings

KEEP = "so leave CX_PARTITIONS at {}, or begin under another CX_TOPIC_PREFIX"
_COMPARED = ("cleanup.policy", "message.timestamp.type", "retention.ms", "max.message.bytes")


log = logging.getLogger(__name__)


class TopicDriftError(Exception):
    """Topics exist that are not what their records say; ``problems`` has a sentence for each difference."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Wanted(msgspec.Struct, frozen=True):
    """A topic as it should be on the broker, under its full name."""

    name: str
    partitions: int
    configs: dict[str, str]
    purpose: str


class Report(msgspec.Struct, frozen=True):
    """Full names of the topics that were made and of those that were there."""

    created: list[str]
    found: list[str]


def _partitions(topic: Topic, topics: dict[str, Topic], settings: Settings) -> int:
    """Return the count of the topic that this one is co-partitioned with: the setting's, where accounts are keys."""
    root = topic
    while root.co_partitioned_with is not None:
        root = topics[root.co_partitioned_with]
    return settings.partitions if root.key == "account_id" else root.partitions


def wanted(settings: Settings) -> list[Wanted]:
    """Return every topic of a deployment; raises SourcesError where the file of its sources cannot be read."""
    topics = load_topics()
    own = [_wanted(topic, topic.name, topics, settings) for topic in topics.values() if not topic.per]
    return [*own, *raw(settings)]


def raw(settings: Settings) -> list[Wanted]:
    """Return the topics of what sources sent, one for each vendor that there are sources of; raises SourcesError."""
    if not settings.sources:
        return []
    from infra import sources

    topics = load_topics()
    return [
        _wanted(topic, f"{topic.name}.{vendor}", topics, settings)
        for topic in topics.values()
        if topic.per
        for vendor in sources.vendors(settings.sources)
    ]


def _wanted(topic: Topic, name: str, topics: dict[str, Topic], settings: Settings) -> Wanted:
    configs = topic.broker_config(settings.raw_days)
    return Wanted(settings.topic_prefix + name, _partitions(topic, topics, settings), configs, topic.purpose)


def changelogs(settings: Settings, state: str) -> list[Wanted]:
    """Return the topics in which workers keep a state of that name: as those of the first, and named after it."""
    declared = load_topics().values()
    named = {topic.name for topic in declared if topic.event_types}
    named |= {topic.name.removesuffix("-changelog") for topic in declared if topic.stage}
    names = {f"{settings.topic_prefix}{name}" for name in named}
    return [
        msgspec.structs.replace(each, name=f"{each.name}-{state}" if state else each.name)
        for each in wanted(settings)
        if each.name.removesuffix("-changelog") in names - {each.name}
    ]


def partition_counts(admin: Any) -> dict[str, int]:
    """Return the partitions of every topic that the broker has."""
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics() if not topic["error_code"]}


def _configs(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(_COMPARED)) for name in names]
    found = admin.describe_configs(asked, config_filter="all")
    return {
        name: {key: str(entry["value"]) for key, entry in configs.items()}
        for resource in found.values()
        for name, configs in resource.items()
    }


def differences(admin: Any, topics: list[Wanted]) -> list[str]:
    """Return a sentence for each way in which an existing topic is not what its record says."""
    counts = partition_counts(admin)
    present = [topic for topic in topics if topic.name in counts]
    configs = _configs(admin, [topic.name for topic in present])
    problems = []
    for topic in present:
        if counts[topic.name] != topic.partitions:
            problems.append(_other_count(topic, counts[topic.name]))
        for key in _COMPARED:
            found = configs[topic.name].get(key)
            if found != topic.configs[key]:
                problems.append(f"{topic.name} has {key} {found} instead of {topic.configs[key]}.")
    return problems


def _other_count(topic: Wanted, found: int) -> str:
    said = f"{topic.name} has {found} partitions instead of {topic.partitions}."
    if found < topic.partitions:
        return f"{said} None is added to a topic that exists: accounts would be parted, {KEEP.format(found)}."
    return f"{said} Accounts are parted if they were added later: {REMEDY}."


def ensure(admin: Any, settings: Settings, topics: list[Wanted] | None = None) -> Report:
    """Create those of the topics that are missing, of all if none are given; twice is the same as once.

    Raises TopicDriftError, having created nothing, where a topic exists with other partitions or another policy:
    changing either under a log of record is a decision, not a start-up step.
    """
    topics = wanted(settings) if topics is None else topics
    if problems := differences(admin, topics):
        raise TopicDriftError(problems)
    counts = partition_counts(admin)
    missing = [topic for topic in topics if topic.name not in counts]
    if missing:
        order = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": settings.replication,
                "configs": topic.configs,
            }
            for topic in missing
        }
        admin.create_topics(order, wait_for_metadata=True)
    names = {topic.name for topic in missing}
    return Report(sorted(names), sorted(topic.name for topic in topics if topic.name not in names))


def ensure_if_reachable(settings: Settings, meanwhile: str, topics: list[Wanted] | None = None) -> None:
    """Create the topics that are missing, as `ensure` does; without a broker that is for later.

    `meanwhile` says in the log what happens until there is one.
    """
    try:
        admin = wiring.admin(settings)
    except wiring.Unreachable as error:
        log.warning("%s; %s", error, meanwhile)
        return
    with closing(admin):
        ensure(admin, settings, topics)
