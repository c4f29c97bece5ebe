"""Runs of the engine, and of the whole worker program, on the test stack's broker, each on topics of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic

from infra.stack import Stack
from schemas.topics import load_topics
from tests.streams.live.harness import Run, a_run
from tests.streams.live.host_process import Receiver, Worker
from tests.support.topics import create_topics


@pytest.fixture
def run(stack: Stack, prefix: str, tmp_path: Path) -> Iterator[Run]:
    with a_run(stack.bootstrap, tmp_path, prefix) as run:
        yield run


@pytest.fixture
def worker(stack: Stack, prefix: str, tmp_path: Path) -> Iterator[Worker]:
    new = [
        NewTopic(prefix + topic.name, topic.partitions, 1, config=topic.broker_config(30))
        for topic in load_topics().values()
    ]
    create_topics(stack.bootstrap, *new)
    with Receiver() as receiver:
        made = Worker(stack, prefix, tmp_path, receiver)
        yield made
        for process in made.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)
        receiver.shutdown()
