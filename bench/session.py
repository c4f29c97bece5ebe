"""One benchmark from start to end: servers up, topic filled, every contender in turn, servers down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka.admin import AdminClient

from bench import contenders, events, feed, quix_venv
from bench.job import Job
from bench.run import run
from bench.stack import Stack, servers
from bench.table import Result
from bench.window import measure
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.contenders import Plan

SCHEMA = Path(__file__).parent.parent / "schemas" / "avro" / "survey" / "response_submitted.v1.avsc"
SOURCE = "bench.survey"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run: number of events, how long Faust may work (seconds), and which contenders."""

    events: int
    faust_seconds: float
    names: tuple[str, ...]


def compare(choice: Choice, build: Path, say: Callable[[str], None]) -> list[Result]:
    """The result of every chosen contender, in the order they ran.

    Raises EmbeddedServerError, ContenderError, KafkaException or CalledProcessError; nothing is left running.
    """
    with servers(build / "bench") as stack:
        admin = AdminClient({"bootstrap.servers": stack.bootstrap, "log_level": 0})
        feed.create_topics(stack.bootstrap, admin, {SOURCE: feed.LOG_APPEND_TIME})
        _fill(stack, choice.events, say)
        return [
            _run(plan, admin, stack, choice.events, build, say) for plan in _plans(choice, admin, stack, build, say)
        ]


def _fill(stack: Stack, count: int, say: Callable[[str], None]) -> None:
    began = time.time()
    start = int((began - count * events.SPACING_MICROS / 1e6) * 1e6)
    feed.fill(stack.bootstrap, SOURCE, events.EVENT_TYPE, events.responses(count, start), Codec().encode)
    say(f"{count:,} events in {SOURCE} after {time.time() - began:.0f} s")


def _plans(choice: Choice, admin: AdminClient, stack: Stack, build: Path, say: Callable[[str], None]) -> Iterator[Plan]:
    if "faust" in choice.names:
        yield contenders.faust(admin, _job(stack, "faust"), choice.faust_seconds)
    if "quix" in choice.names:
        yield contenders.quix(admin, _job(stack, "quix"), quix_venv.python(build / "bench" / "quix", say))
    if "engine" in choice.names:
        yield contenders.engine(admin, _job(stack, "engine"))


def _job(stack: Stack, name: str) -> Job:
    scratch = stack.scratch / name
    scratch.mkdir()
    changelog = f"{SOURCE}-changelog" if name == "engine" else ""
    return Job(stack.bootstrap, SOURCE, f"bench-{name}-output", changelog, f"bench-{name}", str(SCHEMA), str(scratch))


def _run(plan: Plan, admin: AdminClient, stack: Stack, total: int, build: Path, say: Callable[[str], None]) -> Result:
    contender = plan.contender
    say(f"running {contender.name}, {contender.workers} worker{'s' * (contender.workers > 1)}")
    feed.create_topics(stack.bootstrap, admin, plan.topics)
    samples = run(contender, plan.progress, total, stack.servers, build / "bench" / "logs")
    feed.delete_topics(admin, plan.topics)
    return Result(contender.name, contender.workers, total, samples[-1].done >= total, measure(samples, total))
