"""Errors of the consumer itself: those that pass are waited out, one that is for good ends the worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from infra.embedded.checks import pick_free_ports
from streams.live.engine.intake import Intake
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from tests.streams.live.harness import Run

pytestmark = pytest.mark.servers


@contextmanager
def member(run: Run, **settings: str) -> Iterator[Intake]:
    """An intake that has joined the group under the one name that all of them share."""
    run.feed(3)
    intake = Intake(EngineSettings(**{**run.settings(member="one"), **settings}))

    def assigned(consumer: Any, partitions: list[TopicPartition]) -> None:
        consumer.assign([TopicPartition(each.topic, each.partition, 0) for each in partitions])

    intake.consumer.subscribe([f"{run.prefix}survey"], on_assign=assigned)
    try:
        yield intake
    finally:
        intake.consumer.close()


def _until_it_owns(intake: Intake) -> None:
    deadline = time.monotonic() + 60
    while not intake.consumer.assignment():
        assert time.monotonic() < deadline, "nothing was assigned"
        assert list(intake.take({})) == []


def _until_it_stops(intake: Intake) -> EngineStopped:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            list(intake.take({}))
        except EngineStopped as stopped:
            return stopped
    pytest.fail("it goes on")


def test_a_member_whose_name_was_taken_over_stops(run: Run) -> None:
    """The client library only logs that it is fenced, and goes on polling for ever without a record."""
    with member(run) as former:
        _until_it_owns(former)
        with member(run) as successor:
            _until_it_owns(successor)
            stopped = _until_it_stops(former)
            assert successor.consumer.assignment()
            assert list(successor.take({})) == []
    assert stopped.reason == "consumer failed"
    assert "fenced" in str(stopped).lower()


def test_a_fenced_member_does_not_wait_for_the_sink(run: Run) -> None:
    """Its batch is void: whoever took its name over reads the records again."""
    beats = []
    with member(run) as former:
        _until_it_owns(former)
        with member(run) as successor:
            _until_it_owns(successor)
            assert not former.wait(60.0, lambda: beats.append(1))
            assert 0 < len(beats) < 200
            assert _until_it_stops(former).reason == "consumer failed"


def test_a_broker_that_is_away_is_waited_for(run: Run) -> None:
    """Every worker would end at once with the broker, and again at each start, until somebody looked."""
    with member(run, bootstrap=f"127.0.0.1:{pick_free_ports(1)[0]}") as alone:
        for _ in range(20):
            assert list(alone.take({})) == []
        assert alone.wait(0.2, lambda: None)
