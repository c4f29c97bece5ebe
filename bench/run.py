"""One contender's run: start its processes, watch them until the topic is done or the time is up, stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.usage import Usage
from bench.window import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.group import Progress
    from bench.stack import Stack

INTERVAL_S = 0.1
START_S = 60.0
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A program under measurement: `command` is started `workers` times at once and watched for at most `limit_s`."""

    name: str
    workers: int
    command: Sequence[str]
    environment: Mapping[str, str]
    limit_s: float


class ContenderError(Exception):
    """A contender ended by itself or made no progress; the message names its logs."""


def run(contender: Contender, progress: Progress, total: int, stack: Stack, logs: Path) -> list[Sample]:
    """The samples of one run over `total` events, a tenth of a second apart. Raises ContenderError."""
    samples: list[Sample] = []
    with started(contender, logs) as processes:
        usage = Usage.of(process.pid for process in processes)
        for sample in _samples(contender, progress, total, usage, stack):
            samples.append(sample)
            if any(process.poll() is not None for process in processes):
                raise ContenderError(f"{contender.name} ended by itself after {sample.done} events: see {logs}")
    if samples[-1].done == 0:
        raise ContenderError(f"{contender.name} got nothing done within {START_S:.0f} s: see {logs}")
    return samples


def _samples(contender: Contender, progress: Progress, total: int, usage: Usage, stack: Stack) -> Iterator[Sample]:
    ready = contender.workers == 1
    done, deadline = 0, time.monotonic() + START_S
    while done < total and time.monotonic() < deadline:
        began, before = time.monotonic(), done
        done = progress.done()
        ready = ready or progress.workers() == contender.workers
        cpu, resident = usage.read()
        servers = stack.kafka.read()[0], stack.clickhouse_usage.read()[0]
        yield Sample(time.monotonic(), done, cpu, *servers, resident, ready)
        if done and not before:
            deadline = began + contender.limit_s
        time.sleep(max(0.0, began + INTERVAL_S - time.monotonic()))


@contextmanager
def started(contender: Contender, logs: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The contender's processes, each with a log file; on leaving they are asked to stop, then killed."""
    logs.mkdir(parents=True, exist_ok=True)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(contender.workers):
            log = logs / f"{contender.name}-{number + 1}-of-{contender.workers}.log"
            processes.append(_start(contender, log))
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in processes:
            _wait(process)


def _start(contender: Contender, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **contender.environment}
    with log.open("wb") as file:
        return subprocess.Popen(contender.command, env=environment, stdout=file, stderr=subprocess.STDOUT)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
