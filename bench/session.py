"""One benchmark from start to end: servers up, topic filled, every contender in turn, servers down."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench import contenders, events, extras, feed, product, quix_venv
from bench.depth import FULL, Limits, measure_depth
from bench.encoding import SCHEMA, ResponseEncoder
from bench.rebuild import MONEY, SUPPORT, measure_rebuild
from bench.run import run
from bench.stack import servers
from bench.table import Result
from bench.window import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.contenders import Plan
    from bench.depth import Cost
    from bench.explaining import Explained
    from bench.extras import Profile
    from bench.latency import Latency
    from bench.rebuild import Rebuilt
    from bench.stack import Stack

    Say = Callable[[str], None]

CONTENDERS = ("faust", "quix", "engine", "same_work", "product", "product_lean")
IN_QUIX = {"quix", "same_work"}
EXTRAS = ("latency", "state", "rebuild", "money", "support", "profile", "explain", "depth")
MOST_TOGETHER = 2_000_000
"""As many events of several domains are rebuilt at most."""
WORKERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run: events in the topic, keys of state, seconds for Faust and of steady traffic, and the names.

    `rebuilt` is the number of mixed events that are rebuilt; `limits` are those of the measurement of depths.
    """

    events: int
    rebuilt: int
    keys: int
    faust_seconds: float
    traffic_seconds: float
    names: tuple[str, ...]
    limits: Limits = FULL


@dataclass(slots=True)
class Report:
    """What was measured, in the order in which it ran; what was not chosen is empty."""

    results: list[Result] = field(default_factory=list)
    profile: Profile | None = None
    latency: Latency | None = None
    explain: Explained | None = None
    state: list[dict[str, Any]] = field(default_factory=list)
    rebuild: Rebuilt | None = None
    money: Rebuilt | None = None
    support: Rebuilt | None = None
    depth: list[Cost] = field(default_factory=list)


def measured(choice: Choice, build: Path, say: Say) -> Report:
    """Everything chosen, one after the other; nothing is left running.

    Raises EmbeddedServerError, ContenderError, UnseenError, KafkaException or CalledProcessError.
    """
    report = _on_servers(choice, build, say) if set(choice.names) - {"depth"} else Report()
    if "depth" in choice.names:
        report.depth = measure_depth(choice.limits, say)
    return report


def _on_servers(choice: Choice, build: Path, say: Say) -> Report:
    """Measure all that needs servers, on one set of them."""
    python = quix_venv.python(build / "bench" / "quix", say) if IN_QUIX & set(choice.names) else None
    logs, report, together = build / "bench" / "logs", Report(), min(choice.rebuilt, MOST_TOGETHER)
    with servers(build / "bench") as stack:
        product.prepare(product.settings(stack, "cx_bench", "bench"))
        if set(choice.names) - {"state", "rebuild", "money", "support", "depth"}:
            fill(stack, choice.events, say)
        report.results = [_run(plan, stack, choice.events, logs, say) for plan in _plans(choice, stack, python)]
        if "profile" in choice.names:
            say("sampling a worker with py-spy")
            report.profile = extras.measure_profile(stack, logs)
        if "latency" in choice.names:
            say(f"steady traffic for {choice.traffic_seconds:.0f} s")
            report.latency = extras.measure_latency(stack, choice.events, choice.traffic_seconds, logs)
        if "explain" in choice.names:
            say("a worker takes the events in, then figures are explained")
            report.explain = extras.measure_explain(stack, choice.events, logs)
        if "state" in choice.names:
            report.state = extras.measure_state(stack, choice.keys, say)
        if "rebuild" in choice.names:
            report.rebuild = measure_rebuild(stack, choice.rebuilt, choice.traffic_seconds, logs, say)
        if "money" in choice.names:
            report.money = measure_rebuild(stack, together, choice.traffic_seconds, logs, say, MONEY)
        if "support" in choice.names:
            report.support = measure_rebuild(stack, together, choice.traffic_seconds, logs, say, SUPPORT)
    return report


def fill(stack: Stack, count: int, say: Say) -> None:
    """Put `count` events into the source topic, the last of them as old as this moment."""
    began = time.time()
    start = int(began * 1e6) - count * events.SPACING_MICROS
    feed.fill(stack.bootstrap, product.SOURCE, events.responses(count, start), ResponseEncoder())
    say(f"{count:,} events in {product.SOURCE} after {time.time() - began:.0f} s")


def _plans(choice: Choice, stack: Stack, python: Path | None) -> Iterator[Plan]:
    if "faust" in choice.names:
        yield contenders.faust(stack, SCHEMA, choice.faust_seconds)
    if python is not None and "quix" in choice.names:
        yield contenders.quix(stack, SCHEMA, python)
    if "engine" in choice.names:
        yield contenders.engine(stack, SCHEMA)
    if python is not None and "same_work" in choice.names:
        yield contenders.same_work(stack, SCHEMA, python)
    if "product" in choice.names:
        for workers in WORKERS:
            yield contenders.whole_product(stack, workers)
    if "product_lean" in choice.names:
        for workers in WORKERS:
            yield contenders.whole_product(stack, workers, health="off")


def _run(plan: Plan, stack: Stack, total: int, logs: Path, say: Say) -> Result:
    contender = plan.contender
    say(f"running {contender.name}, {contender.workers} worker{'s' * (contender.workers > 1)}")
    plan.prepare()
    samples = run(contender, plan.progress, total, stack, logs)
    feed.delete_topics(stack.bootstrap, plan.leaves)
    return Result(contender.name, contender.workers, total, samples[-1].done >= total, measure(samples, total))
