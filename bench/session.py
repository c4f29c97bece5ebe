"""One benchmark from start to end: servers up, topic filled, every contender in turn, servers down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import contenders, events, feed, product, quix_venv
from bench.encoding import SCHEMA, ResponseEncoder
from bench.run import run
from bench.stack import servers
from bench.table import Result
from bench.window import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.contenders import Plan
    from bench.stack import Stack

    Say = Callable[[str], None]

NAMES = ("faust", "quix", "engine", "product")
WORKERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run: number of events, how long Faust may work (seconds), and which contenders."""

    events: int
    faust_seconds: float
    names: tuple[str, ...]


def compare(choice: Choice, build: Path, say: Say) -> list[Result]:
    """The result of every chosen contender, in the order they ran.

    Raises EmbeddedServerError, ContenderError, KafkaException or CalledProcessError; nothing is left running.
    """
    python = quix_venv.python(build / "bench" / "quix", say) if "quix" in choice.names else None
    with servers(build / "bench") as stack:
        product.prepare(product.settings(stack, "cx_bench", "bench"))
        fill(stack, choice.events, say)
        return [_run(plan, stack, choice.events, build, say) for plan in _plans(choice, stack, python)]


def fill(stack: Stack, count: int, say: Say) -> None:
    """Put `count` events into the source topic, the last of them as old as this moment."""
    began = time.time()
    start = int(began * 1e6) - count * events.SPACING_MICROS
    feed.fill(stack.bootstrap, product.SOURCE, events.responses(count, start), ResponseEncoder())
    say(f"{count:,} events in {product.SOURCE} after {time.time() - began:.0f} s")


def _plans(choice: Choice, stack: Stack, python: Path | None) -> Iterator[Plan]:
    if "faust" in choice.names:
        yield contenders.faust(stack, SCHEMA, choice.faust_seconds)
    if python is not None:
        yield contenders.quix(stack, SCHEMA, python)
    if "engine" in choice.names:
        yield contenders.engine(stack, SCHEMA)
    if "product" in choice.names:
        for workers in WORKERS:
            yield contenders.whole_product(stack, workers)


def _run(plan: Plan, stack: Stack, total: int, build: Path, say: Say) -> Result:
    contender = plan.contender
    say(f"running {contender.name}, {contender.workers} worker{'s' * (contender.workers > 1)}")
    plan.prepare()
    samples = run(contender, plan.progress, total, stack.servers, build / "bench" / "logs")
    feed.delete_topics(stack.bootstrap, plan.leaves)
    return Result(contender.name, contender.workers, total, samples[-1].done >= total, measure(samples, total))
