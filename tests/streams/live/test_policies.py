"""Policies reach the partitions of every worker, at the start and while it runs."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from infra.stack import Stack
from schemas.codec import Codec
from schemas.examples import load
from streams.core.rules import FOLLOWUP_TARGET, Rules
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from streams.live.worker.policies import PolicyWatch
from tests.support.topics import create_topics
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers

CODEC = Codec()
DAY = 86_400_000_000
START = 1_700_000_000_000_000  # the test's day 0
HOUR = 3600


class Partition:
    """Remembers the rules that it is told to use."""

    def __init__(self) -> None:
        self.rules: list[Rules] = []

    def use(self, rules: Rules) -> None:
        self.rules.append(rules)


class Config:
    """A config topic of the test's own, and a watch on it."""

    def __init__(self, stack: Stack, prefix: str) -> None:
        self.topic = f"{prefix}config"
        self._bootstrap = stack.bootstrap
        self._settings = EngineSettings(bootstrap=stack.bootstrap, prefix=prefix, patience_seconds=60.0)

    def create(self) -> None:
        create_topics(self._bootstrap, NewTopic(self.topic, 1, 1))

    def watch(self) -> PolicyWatch:
        return PolicyWatch(self._settings, self.topic, CODEC)

    def say(self, number: int, seconds: object, policy: str = FOLLOWUP_TARGET) -> None:
        event: dict[str, Any] = {
            "event_id": f"00000000-0000-4000-8000-{number:012d}",
            "account_id": f"policy:{policy}",
            "occurred_at": START + number * DAY,
            "source": "test:1",
            "policy": policy,
            "value": str(seconds),
            "policy_version": f"v{number}",
            "valid_from": START + number * DAY,
        }
        self.put(CODEC.encode("policy_set", event), f"policy:{policy}")

    def put(self, value: bytes, key: str = "policy") -> None:
        producer = Producer({"bootstrap.servers": self._bootstrap, "partitioner": "murmur2_random"})
        producer.produce(self.topic, value, key)
        assert producer.flush(60) == 0


@pytest.fixture
def config(stack: Stack, prefix: str) -> Config:
    return Config(stack, prefix)


def hours(rules: Rules, day: int) -> float:
    return rules.followup_target(START + day * DAY).value / HOUR


def test_policies_hold_from_the_first_partition_on(config: Config) -> None:
    """A partition that opened with the defaults would write deadlines that the next batch takes back."""
    config.create()
    config.put(b"no event at all")
    config.say(10, 24 * HOUR)
    config.say(20, 12 * HOUR)
    watch = config.watch()
    rules = watch.load()
    watch.close()
    assert [hours(rules, day) for day in (5, 15, 25)] == [48, 24, 12]


def test_a_policy_that_makes_no_sense_is_passed_over(config: Config) -> None:
    """It is read by every worker at every start: one that stopped at it would stop all of them for good."""
    config.create()
    config.put(next(one.value for one in load() if one.event_type == "signal_raised" and one.passes and one.value))
    config.say(10, "soon")
    config.say(11, -5)
    config.say(12, 24 * HOUR)
    config.say(12, 1 * HOUR)  # the same event with other content: the first holds, as for every event
    watch = config.watch()
    assert hours(watch.load(), 15) == 24
    watch.close()


def test_a_policy_said_later_reaches_running_partitions_once(config: Config) -> None:
    """Without a restart; and what changes no rule disturbs no partition."""
    config.create()
    watch, partition = config.watch(), Partition()
    assert watch.load() == Rules()
    config.say(11, 24 * HOUR, policy="something_else")
    config.say(10, 24 * HOUR)

    def told() -> bool:
        watch.apply([partition])
        return bool(partition.rules)

    wait_until(told)
    for _ in range(5):
        watch.apply([partition])
    watch.close()
    assert [hours(rules, 15) for rules in partition.rules] == [24]


def test_hours_and_service_levels_reach_the_rules_too(config: Config) -> None:
    """Clocks of tickets go by them: a worker that read only policies would count no business time."""
    config.create()
    for example in load():
        if example.event_type in ("schedule_set", "holiday_set", "sla_policy_set") and example.value is not None:
            config.put(example.value, str(example.fields and example.fields["account_id"]))
    watch = config.watch()
    rules = watch.load()
    watch.close()
    assert [schedule.schedule_id for schedule in rules.schedules] == ["default", "night"]
    assert [policy.policy_id for policy in rules.sla] == ["key-accounts", "standard"]


def test_a_missing_config_topic_is_named(config: Config) -> None:
    """Silence would mean default policies for ever."""
    watch = config.watch()
    with pytest.raises(EngineStopped, match="config"):
        watch.load()
    watch.close()
