"""How fast `cx replay run` rebuilds everything, beside how fast workers take the very same topic in live."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from bench import mixed, mixed_billing, mixed_support, product
from bench.contenders import Plan
from bench.feed import PARTITIONS, delete_topics
from bench.group import Group
from bench.run import Contender, run
from bench.window import Sample, measure
from infra import topics
from infra.replaying import planning, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.stack import Stack
    from infra.replaying.fleet import Progress
    from infra.settings import Settings

    Say = Callable[[str], None]

PREFIX = "mixed."
_SOURCES = tuple(f"{PREFIX}{name}" for name in ("survey", "billing", "support", "reference", "config"))
PROCESSES = (1, 2)


@dataclass(frozen=True, slots=True)
class Speed:
    """Events per second over the steady part of a run, and CPU microseconds per event of its processes."""

    events_per_s: float
    cpu_us_per_event: float


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The speed of workers and of a rebuild, each by the number of processes, and the whole rebuild's figures."""

    events: int
    seconds: float
    rows: int
    live: dict[int, Speed] = field(default_factory=dict)
    replay: dict[int, Speed] = field(default_factory=dict)


class _EnoughError(Exception):
    """The rate of a run that need not end is known."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What is rebuilt: records from a time on, when they must begin, and the topics whose progress counts."""

    records: Callable[[int, int], Iterator[mixed.Record]]
    beginning: Callable[[int, int], int]
    counted: tuple[str, ...]


SURVEY = Mix(mixed.records, mixed.beginning, ("survey",))
MONEY = Mix(mixed_billing.records, mixed_billing.beginning, ("survey", "billing"))
SUPPORT = Mix(mixed_support.records, mixed_support.beginning, ("survey", "billing", "support"))


def measure_rebuild(stack: Stack, events: int, seconds: float, logs: Path, say: Say, mix: Mix = SURVEY) -> Rebuilt:
    """Fill topics, take them in live for some seconds, rebuild them: with one process as long, with two to the end."""
    base = _settings(stack, "cx_mixed", "mixed-none")
    product.prepare(base)
    fill(base, events, say, mix)
    live = {}
    for workers in PROCESSES:
        say(f"taking mixed events in live, {workers} worker{'s' * (workers > 1)}")
        live[workers] = _live(stack, workers, events, seconds, logs, mix)
    say("rebuilding with 1 process")
    one, *_ = _rebuild(base, 1, seconds)
    say("rebuilding with 2 processes")
    both, took, rows = _rebuild(base, 2, 0.0)
    delete_topics(stack.bootstrap, _SOURCES)
    return Rebuilt(events, took, rows, live, {1: one, 2: both})


def _settings(stack: Stack, database: str, group: str) -> Settings:
    return msgspec.structs.replace(product.settings(stack, database, group), topic_prefix=PREFIX)


def fill(settings: Settings, count: int, say: Say, mix: Mix = SURVEY) -> None:
    """Put mixed events into the topics and wait for the broker. Raises KafkaException."""
    refused: list[KafkaError] = []
    began, start = time.time(), mix.beginning(count, int(time.time() * 1e6))
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "log_level": 0,  # what fails is raised
            "partitioner": "murmur2_random",
            "linger.ms": 50,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 500_000,
        }
    )

    def delivered(error: KafkaError | None, _message: object) -> None:
        if error is not None:
            refused.append(error)

    for number, (topic, key, value) in enumerate(mix.records(count, start)):
        while True:
            try:
                producer.produce(PREFIX + topic, value, key, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush()
    if refused:
        raise KafkaException(refused[0])
    say(f"{count:,} mixed events after {time.time() - began:.0f} s")


def _live(stack: Stack, workers: int, events: int, seconds: float, logs: Path, mix: Mix) -> Speed:
    settings = _settings(stack, f"cx_mixed{workers}", f"mixed-{workers}")
    product.prepare(settings)
    contender = Contender("product-mixed", workers, product.COMMAND, product.environment(settings), seconds)
    first, *others = [f"{PREFIX}{name}" for name in mix.counted]
    progress = Group(stack.bootstrap, settings.group, first, PARTITIONS, *others)
    plan = Plan(contender, partial(product.prepare, settings), progress, [])
    samples = run(plan.contender, plan.progress, events, stack, logs)
    delete_topics(stack.bootstrap, [each.name for each in topics.wanted(settings) if each.name not in _SOURCES])
    window = measure(samples, events)
    return Speed(window.events_per_s, window.cpu_us_per_event)


def _rebuild(settings: Settings, processes: int, limit_s: float) -> tuple[Speed, float, int]:
    """Return the speed between the first and the last sign of progress, all seconds, and all rows.

    A limit above 0 ends the run after that long a time. CPU time is that of the whole run, start-up included.
    """
    samples: list[Sample] = []
    rows, began = 0, time.monotonic()

    def turn(_generation: str, progress: Progress) -> None:
        nonlocal rows
        rows = progress.rows
        samples.append(Sample(time.monotonic(), progress.records, 0.0, 0.0, 0.0, 0, ready=True))
        if limit_s and time.monotonic() - began > limit_s:
            raise _EnoughError

    plan, before = planning.make(settings, planning.Wish(), processes), _spent()
    with suppress(_EnoughError):
        running.perform(settings, plan, running.Choices(processes=processes), turn)
    rate = measure(samples, plan.cost.records + 1).events_per_s
    return Speed(rate, (_spent() - before) / samples[-1].done * 1e6), time.monotonic() - began, rows


def _spent() -> float:
    """CPU seconds so far of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
