"""A benchmark that measures itself wrongly misleads everybody after it: its arithmetic is held to known answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.window import NothingDoneError, Sample, measure


def worker(
    rate: int, commit_every: int, total: int, *, starts: float = 3.0, cpu_us: float = 50.0, peak: int = 5_000_000
) -> list[Sample]:
    """What watching a steady worker would have seen: progress in commits, CPU as it works, memory in one spike."""
    steps = [min(total, done) for done in range(0, total + commit_every, commit_every)]
    samples = [Sample(0.0, 0, 0.0, 0.0, 0.0, 0, ready=True)]
    for number, done in enumerate(steps):
        busy = done * cpu_us / 1e6
        samples.append(
            Sample(starts + done / rate, done, 1 + busy, busy / 2, busy / 10, peak if number == 1 else 1, ready=True)
        )
    return samples


@given(rate=st.integers(100, 100_000), commit_every=st.integers(1, 500), commits=st.integers(3, 40))
def test_a_steady_worker_is_measured_exactly_whatever_its_commit_interval_and_start(
    rate: int, commit_every: int, commits: int
) -> None:
    """Contenders commit every few milliseconds or every five seconds: neither may gain or lose by it."""
    total = commit_every * commits
    window = measure(worker(rate, commit_every, total), total)
    assert window.steady
    assert window.events_per_s == pytest.approx(rate)
    assert window.cpu_us_per_event == pytest.approx(50.0)
    assert window.kafka_cpu_us_per_event == pytest.approx(25.0)
    assert window.clickhouse_cpu_us_per_event == pytest.approx(5.0)


def test_idling_before_the_last_commit_is_not_counted() -> None:
    """A worker that ran out of events waits for its commit timer; that wait is not work."""
    samples = worker(1_000, 100, 1_000)
    last = samples[-1]
    samples[-1] = replace(last, at=last.at + 5)
    assert measure(samples, 1_000).events_per_s == pytest.approx(1_000)


def test_the_time_before_every_worker_holds_partitions_is_not_counted() -> None:
    """With two workers, one works alone while the other starts: that is not two workers' rate."""
    alone = [replace(sample, ready=False) for sample in worker(10, 10, 100)]
    start = alone[-1]
    both = [
        replace(sample, at=start.at + sample.at, done=100 + sample.done) for sample in worker(1_000, 100, 1_000)[1:]
    ]
    assert measure([*alone, *both], 1_100).events_per_s == pytest.approx(1_000)


def test_the_peak_is_taken_over_the_whole_run() -> None:
    """Restoring state may need more memory than running: the peak counts wherever it stands."""
    assert measure(worker(1_000, 100, 1_000, peak=7_000_000), 1_000).peak_mb == pytest.approx(7.0)


@pytest.mark.parametrize("commit_every", [1_000, 500])
def test_a_run_without_two_busy_commits_is_marked_as_not_steady_and_includes_its_start(commit_every: int) -> None:
    """A smoke run may be too short to cut its ends off: it must say so instead of inventing a rate."""
    window = measure(worker(1_000, commit_every, 1_000, starts=4.0), 1_000)
    assert not window.steady
    assert window.events_per_s == pytest.approx(1_000 / 5.0)


def test_no_progress_is_an_error_and_not_a_rate_of_zero() -> None:
    with pytest.raises(NothingDoneError):
        measure([Sample(float(n), 0, 0.0, 0.0, 0.0, 1, ready=True) for n in range(3)], 10)
