"""Watches a worker from outside while a trial goes on: its memory, open files and threads, and how far it is behind."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

import psutil
from confluent_kafka import KafkaException

from tests.faults.progress import Position
from tests.faults.trial import Deployed

_EVERY = 1.0
_WARM = 0.4
"""Share of a life in which caches fill, pools reach their size and the first merges are made."""
_RECENT = 5
_MIB = 2**20
_NOISE = 24 * _MIB
_KNOWN = 256
"""Bytes that a record fed may leave in memory for good: the identity by which a duplicate is told."""
_BUFFERED, _BUFFERS = 1_024, 160 * _MIB
"""Bytes of state per record that wait for their file, and how many may in all: 32 MiB for each of a worker's stores."""
_FEW = 8
_BEHIND_SECONDS = 20.0
_LEAST_SHARE = 0.2


class Sample(NamedTuple):
    """What a process holds: `at` in seconds, `resident` in MiB."""

    at: float
    resident: float
    files: int
    threads: int


class Standing(NamedTuple):
    """How far the group is behind: records, and seconds for which the oldest of them has waited."""

    lag: int
    latency: float


class Growth(NamedTuple):
    """What a life has come to behind its warming up; `seconds` is how long it was watched there."""

    seconds: float = 0.0
    resident: float = 0.0
    mebibytes: float = 0.0
    files: int = 0
    threads: int = 0


class Observer:
    """Looks once a second, in a thread, for the length of a block."""

    def __init__(self, under: Deployed, number: int) -> None:
        self._under, self._number = under, number
        self._lives: dict[int, list[Sample]] = {}
        self._ends: list[tuple[float, int]] = []
        self._standings: list[Standing] = []
        self._position = Position(under.product.where)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        self._position.close()

    def longest_life(self) -> list[Sample]:
        return max(self._lives.values(), key=len, default=[])

    def standing(self) -> Standing:
        """Return the middle of what the last few looks have found."""
        recent = self._standings[-_RECENT:]
        if not recent:
            return Standing(0, 0.0)
        return Standing(*(statistics.median_low(column) for column in zip(*recent, strict=True)))

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY):
            self._look_at_process()
            self._look_at_group()

    def _look_at_process(self) -> None:
        worker = self._under.product.workers.get(self._number)
        process = worker.process.identity.process() if worker is not None else None
        if process is None:
            return
        try:
            held = process.memory_info().rss / _MIB, process.num_fds(), process.num_threads()
        except psutil.NoSuchProcess:
            return
        self._lives.setdefault(process.pid, []).append(Sample(time.monotonic(), *held))

    def _look_at_group(self) -> None:
        try:
            ends, committed = self._position.look()
        except KafkaException:
            return  # the broker is frozen
        now, end, taken = time.monotonic(), sum(ends.values()), sum(committed.values())
        self._ends = [each for each in self._ends if each[1] > taken] + [(now, end)]
        waits_since = next((at for at, there in self._ends if there > taken), now)
        self._standings.append(Standing(end - taken, now - waits_since))


def growth(samples: Sequence[Sample]) -> Growth:
    """Return by how much a life has grown, its warming up left out.

    Memory by its trend, as it goes up and down; files and threads by their highest numbers early and late.
    """
    warm = samples[int(len(samples) * _WARM) :]
    if len(warm) < 4:
        return Growth()
    seconds = warm[-1].at - warm[0].at
    quarter = len(warm) // 4
    early, late = warm[:quarter], warm[-quarter:]
    return Growth(
        seconds,
        warm[-1].resident,
        seconds * statistics.linear_regression([each.at for each in warm], [each.resident for each in warm]).slope,
        max(each.files for each in late) - max(each.files for each in early),
        max(each.threads for each in late) - max(each.threads for each in early),
    )


def _allowed(records: float) -> float:
    return _NOISE + records * _KNOWN + min(records * _BUFFERED, _BUFFERS)


def judge(grown: Growth, calm: Sequence[Standing], rate: float, seconds: float) -> list[str]:
    """Return what is wrong, one sentence each. `rate` in events per second over a soak of so many `seconds`."""
    allowed = _allowed(grown.seconds * rate) / _MIB
    latency, lag = max(each.latency for each in calm), max(each.lag for each in calm)
    found = {
        f"no worker was watched for longer than {grown.seconds:.0f} s": grown.seconds < _LEAST_SHARE * seconds,
        f"memory grew by {grown.mebibytes:.0f} MiB where {allowed:.0f} are its state": grown.mebibytes > allowed,
        f"open files grew by {grown.files}": grown.files > _FEW,
        f"threads grew by {grown.threads}": grown.threads > _FEW,
        f"at rest a record waits for {latency:.0f} s": latency > _BEHIND_SECONDS,
        f"at rest {lag} records wait": lag > rate * _BEHIND_SECONDS,
    }
    return [sentence for sentence, is_so in found.items() if is_so]
