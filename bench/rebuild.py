"""How fast `cx replay run` rebuilds everything, beside how fast workers take the very same topic in live."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Self

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from bench import mixed, mixed_billing, mixed_support, product
from bench.feed import PARTITIONS, delete_topics
from bench.group import Group, end_of, observer
from bench.run import Contender, ContenderError, run
from bench.window import Sample, measure
from infra import topics
from infra.replaying import planning, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from bench.stack import Stack
    from infra.replaying.fleet import Progress
    from infra.settings import Settings

    Say = Callable[[str], None]

PREFIX = "mixed."
_SOURCES = tuple(f"{PREFIX}{name}" for name in ("survey", "billing", "support", "reference", "config"))
PROCESSES = (1, 2)
LAST_SHARE = 6
"""One event in so many is kept for the measurement at the end: more than a half minute takes."""
FINISH_S = 1_500.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Events per second over the steady part of a run, and CPU microseconds per event of its processes."""

    events_per_s: float
    cpu_us_per_event: float


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The speed of workers and of a rebuild, each by the number of processes, and the whole rebuild's figures.

    `live` is of the first half minute; `later` is of one worker in a half minute when all else has been taken in, and
    `later_ratio` its rate over that of the first. Both are None for a mix of which that is not measured.
    """

    events: int
    seconds: float
    rows: int
    live: dict[int, Speed] = field(default_factory=dict)
    replay: dict[int, Speed] = field(default_factory=dict)
    later: Speed | None = None
    later_ratio: float | None = None


class _EnoughError(Exception):
    """The rate of a run that need not end is known."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Input of a rebuild: records from a time on, when they must begin, and the topics whose progress counts.

    With `lasts` one worker goes through all of it, and its speed at the end is held against that at the beginning.
    `set_up` says how many of so many events are counted by the time all reference data is taken in, of which live
    traffic has little: what is measured comes behind it.
    """

    records: Callable[[int, int], Iterator[mixed.Record]]
    beginning: Callable[[int, int], int]
    counted: tuple[str, ...]
    lasts: bool = False
    set_up: Callable[[int], int] = lambda _events: 0


SURVEY = Mix(mixed.records, mixed.beginning, ("survey",))
MONEY = Mix(
    mixed_billing.records, mixed_billing.beginning, ("survey", "billing"), lasts=True, set_up=mixed_billing.set_up
)
SUPPORT = Mix(
    mixed_support.records,
    mixed_support.beginning,
    ("survey", "billing", "support"),
    lasts=True,
    set_up=mixed_support.set_up,
)


def measure_rebuild(stack: Stack, events: int, seconds: float, logs: Path, say: Say, mix: Mix = SURVEY) -> Rebuilt:
    """Fill topics, take them in live for some seconds, rebuild them: with one process as long, with two to the end."""
    base = _settings(stack, "cx_mixed", "mixed-none")
    product.prepare(base)
    kept = events // LAST_SHARE if mix.lasts else 0
    stream = mix.records(events, mix.beginning(events, int(time.time() * 1e6)))
    fill(base, islice(stream, events - kept), say)
    live, later = {}, None
    for workers in PROCESSES:
        say(f"taking mixed events in live, {workers} worker{'s' * (workers > 1)}")
        with _Live(stack, workers, logs, mix) as run_live:
            run_live.reach(mix.set_up(events))
            live[workers] = run_live.speed(seconds)
            if workers == 1 and kept:
                later = _at_the_end(run_live, partial(fill, base, stream, say), seconds, say)
    product.prepare(base)  # a plan asks for all topics of the deployment, and the workers' own ones are gone
    say("rebuilding with 1 process")
    one, *_ = _rebuild(base, 1, seconds)
    say("rebuilding with 2 processes")
    both, took, rows = _rebuild(base, 2, 0.0)
    delete_topics(stack.bootstrap, _SOURCES)
    ratio = None if later is None else later.events_per_s / live[1].events_per_s
    return Rebuilt(events, took, rows, live, {1: one, 2: both}, later, ratio)


def _at_the_end(live: _Live, fill_rest: Callable[[], None], seconds: float, say: Say) -> Speed:
    """Let the worker go through all that is there, then measure it on as many events again as a half minute takes."""
    say("the same worker goes through all of it")
    live.finish()
    fill_rest()
    say("taking the last events in live")
    return live.speed(seconds)


def _settings(stack: Stack, database: str, group: str) -> Settings:
    return msgspec.structs.replace(product.settings(stack, database, group, "off"), topic_prefix=PREFIX)


def fill(settings: Settings, records: Iterable[mixed.Record], say: Say) -> None:
    """Put records into the topics and wait for the broker. Raises KafkaException."""
    refused: list[KafkaError] = []
    began, number = time.time(), -1
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

    for number, (topic, key, value) in enumerate(records):
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
    say(f"{number + 1:,} mixed events after {time.time() - began:.0f} s")


class _Live:
    """Workers of one group on the mixed topics, started for each measurement; what they leave is deleted at the end."""

    def __init__(self, stack: Stack, workers: int, logs: Path, mix: Mix) -> None:
        self._stack, self._workers, self._logs = stack, workers, logs
        self._settings = _settings(stack, f"cx_mixed{workers}", f"mixed-{workers}")
        self._topics = [f"{PREFIX}{name}" for name in mix.counted]

    def __enter__(self) -> Self:
        product.prepare(self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        wanted = topics.wanted(self._settings)
        delete_topics(self._stack.bootstrap, [each.name for each in wanted if each.name not in _SOURCES])

    def speed(self, seconds: float) -> Speed:
        """Return the speed within some seconds from the first commit."""
        progress, left = self._left()
        window = measure(self._run(progress, left, seconds), left)
        return Speed(window.events_per_s, window.cpu_us_per_event)

    def finish(self) -> None:
        """Take in all that is there, if anything is left. Raises ContenderError where that takes too long."""
        progress, left = self._left()
        self._reach(progress, left)

    def reach(self, count: int) -> None:
        """Take in so many events, or a few more. Raises ContenderError where that takes too long."""
        self._reach(self._left()[0], count)

    def _reach(self, progress: _Further, count: int) -> None:
        if count and self._run(progress, count, FINISH_S)[-1].done < count:
            raise ContenderError(f"{count:,} events were not taken in within {FINISH_S:.0f} s")

    def _left(self) -> tuple[_Further, int]:
        """Return the progress from here on, and how many events are not taken in yet."""
        group = Group(self._stack.bootstrap, self._settings.group, self._topics[0], PARTITIONS, *self._topics[1:])
        watching = observer(self._stack.bootstrap, "bench-ends")
        there = sum(end_of(watching, topic, PARTITIONS) for topic in self._topics)
        watching.close()
        progress = _Further(group, group.done())
        return progress, there - progress.before

    def _run(self, progress: _Further, left: int, seconds: float) -> list[Sample]:
        environment = product.environment(self._settings)
        contender = Contender("product-mixed", self._workers, product.COMMAND, environment, seconds)
        return run(contender, progress, left, self._stack, self._logs)


@dataclass(frozen=True, slots=True)
class _Further:
    """Progress of a group beyond where it stood."""

    group: Group
    before: int

    def done(self) -> int:
        return max(self.group.done() - self.before, 0)

    def workers(self) -> int:
        return self.group.workers()


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
