"""The arithmetic of one run: samples of progress and cost in, a rate and a cost per event out. Pure.

An event is done when its offset is committed (or, for a contender without transactions, when its output stands in the
log). Commits come in steps, so a run is measured between two steps: the first after every worker held partitions, and
the last before the topic ran out. Both ends then lie on a commit of a busy worker, whatever its commit interval;
starting up, joining the group, restoring state and waiting idle for the last commit are outside.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MICROS = 1e6
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """Time in seconds, events done, CPU seconds so far of workers and servers, resident bytes of the workers."""

    at: float
    done: int
    cpu: float
    kafka_cpu: float
    clickhouse_cpu: float
    resident: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Window:
    """The measured part of a run. CPU in microseconds per event, memory in megabytes (10^6 bytes).

    `steady` is false where the run was too short to leave its start and end out.
    """

    events: int
    seconds: float
    events_per_s: float
    cpu_us_per_event: float
    kafka_cpu_us_per_event: float
    clickhouse_cpu_us_per_event: float
    peak_mb: float
    steady: bool


class NothingDoneError(Exception):
    """No sample saw progress: there is nothing to take a rate of."""


def measure(samples: Sequence[Sample], total: int) -> Window:
    """The window of a run over a topic of `total` events; peak memory is the whole run's. Raises NothingDoneError."""
    steps = [new for old, new in itertools.pairwise(samples) if new.done > old.done]
    if not steps:
        raise NothingDoneError(f"no progress in {len(samples)} samples")
    busy = [step for step in steps if step.ready and step.done < total]
    steady = len(busy) > 1
    first, last = (busy[0], busy[-1]) if steady else (samples[0], steps[-1])
    return _between(first, last, max(sample.resident for sample in samples), steady=steady)


def _between(first: Sample, last: Sample, peak: int, *, steady: bool) -> Window:
    events, seconds = last.done - first.done, last.at - first.at
    return Window(
        events=events,
        seconds=seconds,
        events_per_s=events / seconds,
        cpu_us_per_event=(last.cpu - first.cpu) / events * MICROS,
        kafka_cpu_us_per_event=(last.kafka_cpu - first.kafka_cpu) / events * MICROS,
        clickhouse_cpu_us_per_event=(last.clickhouse_cpu - first.clickhouse_cpu) / events * MICROS,
        peak_mb=peak / MEGABYTE,
        steady=steady,
    )
