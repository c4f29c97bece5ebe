"""The programs under measurement: how each is started, which topics it needs, when one of its events is done."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.feed import COMPACTED, PARTITIONS
from bench.group import Group, Outputs
from bench.run import Contender

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from bench.group import Progress
    from bench.job import Job

LIMIT_S = 300.0
NAMES = ("faust", "quix", "engine", "product")


@dataclass(frozen=True, slots=True)
class Plan:
    """A contender with the topics that must exist before it starts, and how to see its progress."""

    contender: Contender
    topics: Mapping[str, Mapping[str, str]]
    progress: Progress


def faust(admin: AdminClient, job: Job, seconds: float) -> Plan:
    """One agent and one Table. Its commits trail its work by seconds, so its outputs are counted instead."""
    command = [sys.executable, "-m", "bench.faust_worker", "worker", "--without-web", "--loglevel", "warn"]
    progress = Outputs(job.bootstrap, admin, job.group, job.source, PARTITIONS, output=job.output)
    return _plan("faust", command, job, progress, seconds)


def quix(admin: AdminClient, job: Job, python: Path) -> Plan:
    """Quix Streams with its own defaults, exactly-once."""
    command = [str(python), "-m", "bench.quix_worker"]
    return _plan("quix", command, job, Group(job.bootstrap, admin, job.group, job.source, PARTITIONS), LIMIT_S)


def engine(admin: AdminClient, job: Job) -> Plan:
    """The project's engine with the same fold."""
    command = [sys.executable, "-m", "bench.engine_worker"]
    return _plan("engine", command, job, Group(job.bootstrap, admin, job.group, job.source, PARTITIONS), LIMIT_S)


def _plan(name: str, command: Sequence[str], job: Job, progress: Progress, seconds: float) -> Plan:
    topics = {job.output: {}, job.changelog: COMPACTED} if job.changelog else {job.output: {}}
    return Plan(Contender(name, 1, command, job.environment(), seconds), topics, progress)
