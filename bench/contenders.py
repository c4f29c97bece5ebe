"""The programs under measurement: how each is started, what must be there before, when one of its events is done."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from bench import product
from bench.feed import PARTITIONS, create_topic
from bench.group import Group, Outputs
from bench.job import Job, Warehouse
from bench.run import Contender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.group import Progress
    from bench.stack import Stack

LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A contender, what to call before it starts, how to see its progress, and which topics it leaves behind."""

    contender: Contender
    prepare: Callable[[], None]
    progress: Progress
    leaves: Sequence[str]


def faust(stack: Stack, schema: Path, seconds: float) -> Plan:
    """One agent and one Table. Its commits trail its work by seconds, so its outputs are counted instead."""
    job = _job(stack, schema, "faust")
    command = [sys.executable, "-m", "bench.faust_worker", "worker", "--without-web", "--loglevel", "warn"]
    progress = Outputs(stack.bootstrap, job.group, job.source, PARTITIONS, output=job.output)
    return _plain("faust", command, stack, job, progress, seconds)


def quix(stack: Stack, schema: Path, python: Path) -> Plan:
    """Quix Streams with its own defaults, exactly-once."""
    job = _job(stack, schema, "quix")
    command = [str(python), "-m", "bench.quix_worker"]
    return _plain("quix", command, stack, job, Group(stack.bootstrap, job.group, job.source, PARTITIONS), LIMIT_S)


def engine(stack: Stack, schema: Path) -> Plan:
    """The project's engine with the same fold; its changelog is that of the source topic."""
    job = _job(stack, schema, "engine")
    command = [sys.executable, "-m", "bench.engine_worker"]
    progress = Group(stack.bootstrap, job.group, job.source, PARTITIONS)
    return _plain("engine", command, stack, job, progress, LIMIT_S, leaves=[job.changelog])


def same_work(stack: Stack, schema: Path, python: Path) -> Plan:
    """The product's processor and rows in a Quix Streams application, on tables of its own."""
    chosen = product.settings(stack, "cx_benchq", "bench-same-work")
    user, password = product.writer(chosen)
    host, port = chosen.clickhouse_host, chosen.clickhouse_port
    warehouse = Warehouse(host, port, user, password, database=product.tables(chosen))
    job = replace(_job(stack, schema, "same_work"), warehouse=warehouse)
    command = [str(python), "-m", "bench.quix_same_work"]
    progress = Group(stack.bootstrap, job.group, job.source, PARTITIONS)
    return _plain("same_work", command, stack, job, progress, LIMIT_S)


def whole_product(stack: Stack, workers: int, *, database: str = "", health: Literal["on", "off"] = "on") -> Plan:
    """`cx worker` as it is deployed, on topics and tables of its own; every run begins with neither state nor rows."""
    name = database or f"cx_bench{workers}_{health}"
    settings = product.settings(stack, name, f"bench-{name}", health)
    return Plan(
        Contender(
            "product" if health == "on" else "product_lean",
            workers,
            product.COMMAND,
            product.environment(settings),
            LIMIT_S,
        ),
        partial(product.prepare, settings),
        Group(stack.bootstrap, settings.group, product.SOURCE, PARTITIONS),
        product.derived_topics(settings),
    )


def _job(stack: Stack, schema: Path, name: str) -> Job:
    scratch = stack.scratch / name
    scratch.mkdir()
    return Job(
        bootstrap=stack.bootstrap,
        source=product.SOURCE,
        output=f"bench-{name}-output",
        changelog=f"{product.SOURCE}-changelog",
        group=f"bench-{name}",
        schema=str(schema),
        scratch=str(scratch),
    )


def _plain(
    name: str,
    command: Sequence[str],
    stack: Stack,
    job: Job,
    progress: Progress,
    seconds: float,
    leaves: Sequence[str] = (),
) -> Plan:
    contender = Contender(name, 1, command, job.environment(), seconds)
    return Plan(contender, partial(create_topic, stack.bootstrap, job.output), progress, [job.output, *leaves])
