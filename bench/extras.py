"""The product's further measurements: latency under steady traffic, what state costs, where CPU time goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from bench import contenders, events, explaining, feed, latency, product, profiling
from bench.job import Job
from bench.run import START_S, ContenderError, started
from bench.state import STORES
from bench.usage import Usage
from infra import upgrading, wiring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.contenders import Plan
    from bench.stack import Stack

    Say = Callable[[str], None]

PROFILE_S = 8
EXPLAINED = 20
CHANGELOG = "bench-state-changelog"


@dataclass(frozen=True, slots=True)
class Profile:
    """CPU microseconds per event of one worker, by part of the work, while py-spy was sampling it."""

    events: int
    events_per_s: float
    cpu_us_per_event: float
    parts: dict[str, float]


def measure_latency(stack: Stack, total: int, seconds: float, logs: Path) -> latency.Latency:
    """Send steady traffic to a worker that has taken in the source topic and stands idle. Raises UnseenError."""
    plan = contenders.whole_product(stack, 1, database="cx_benchl")
    plan.prepare()
    settings = product.settings(stack, "cx_benchl", "")
    traffic = latency.Traffic(stack.bootstrap, product.SOURCE, seconds)
    with started(plan.contender, logs):
        _until(lambda: plan.progress.done() >= total, contenders.LIMIT_S)
        generation = upgrading.migrate(settings).generation
        found = latency.watch(traffic, latency.newest_rows(wiring.clickhouse(settings), f"{generation}.response"))
    feed.delete_topics(stack.bootstrap, plan.leaves)
    return found


def measure_explain(stack: Stack, total: int, logs: Path) -> explaining.Explained:
    """Ask for figures of a few accounts once a worker has taken in the source topic."""
    plan = contenders.whole_product(stack, 1, database="cx_benche")
    plan.prepare()
    owner = product.settings(stack, "cx_benche", "")
    settings = msgspec.structs.replace(owner, bi_user=owner.clickhouse_user, bi_password=owner.clickhouse_password)
    with started(plan.contender, logs):
        _until(lambda: plan.progress.done() >= total, contenders.LIMIT_S)
    asked = [f"acc-{number:05d}" for number in range(0, events.ACCOUNTS, events.ACCOUNTS // EXPLAINED)]
    found = explaining.ask(settings, total, asked)
    feed.delete_topics(stack.bootstrap, plan.leaves)
    return found


def measure_state(stack: Stack, keys: int, say: Say) -> list[dict[str, Any]]:
    """Fold `keys` responses once, then restore their changelog into a store of each kind. Raises CalledProcessError."""
    feed.create_topic(stack.bootstrap, CHANGELOG)
    say(f"folding {keys:,} responses into a changelog")
    _state_program(stack, "fill", str(keys))
    found = []
    for store in STORES:
        say(f"restoring {keys:,} keys into the {store} store")
        found.append(json.loads(_state_program(stack, "restore", store)))
    feed.delete_topics(stack.bootstrap, [CHANGELOG])
    return found


def _state_program(stack: Stack, command: str, argument: str) -> str:
    scratch = stack.scratch / f"state-{argument}"
    scratch.mkdir()
    job = Job(stack.bootstrap, "", "", CHANGELOG, "bench-state", "", str(scratch))
    done = subprocess.run(
        [sys.executable, "-m", "bench.state", command, argument],
        env={**os.environ, **job.environment()},
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return done.stdout


def measure_profile(stack: Stack, logs: Path) -> Profile:
    """Sample one worker while it works through the source topic, which must hold enough events for some seconds."""
    plan = contenders.whole_product(stack, 1, database="cx_benchp")
    plan.prepare()
    with started(plan.contender, logs) as (worker,):
        _until(lambda: plan.progress.done() > 0, START_S)
        before = _spent(worker.pid, plan)
        stacks = profiling.sample(worker.pid, PROFILE_S, logs / "product.stacks")
        after = _spent(worker.pid, plan)
    feed.delete_topics(stack.bootstrap, plan.leaves)
    at, done, cpu, native = (new - old for new, old in zip(after, before, strict=True))
    python = {part: share * (cpu - native) / done * 1e6 for part, share in profiling.shares(stacks).items()}
    return Profile(int(done), done / at, cpu / done * 1e6, {**python, "librdkafka's threads": native / done * 1e6})


def _spent(pid: int, plan: Plan) -> tuple[float, int, float, float]:
    return time.monotonic(), plan.progress.done(), Usage.of([pid]).read()[0], profiling.native_seconds(pid)


def _until(reached: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise ContenderError(f"the worker did not get there within {seconds:.0f} s")
        time.sleep(0.1)
