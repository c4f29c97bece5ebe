"""G12: something stands still. What wakes up late may not spoil what went on without it, and nothing hangs for good.

A watchdog adds its stalls to `STALLS`: each gets a deployment of two named workers under load, and leaves both places
filled.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence

from confluent_kafka import Producer

from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import database, frozen
from tests.faults.trial import Deployed, Trial

ALARM = 30.0
"""Seconds within which a stall must end in an exit or an alarm."""
GRACE = 10.0
"""Seconds beyond that for a machine that is short of CPU."""
SESSION = 10.0
_START = 60.0


def _must_end(under: Deployed, number: int, what: str) -> None:
    """Wait for a worker to end by itself, and start its successor."""
    worker, began = under.product.workers[number], time.monotonic()
    status = worker.wait(ALARM + GRACE)
    took = time.monotonic() - began
    if status is None:
        under.trial.outcome.failures.append(f"{what}: status {status} after {took:.0f} s\n{under.product.logs()}")
    under.product.restart(number)


def frozen_worker(under: Deployed) -> None:
    """A worker is stopped for longer than its session lasts; woken, it has to end without committing."""
    worker = under.product.workers[1]
    worker.works(_START)
    worker.signal(signal.SIGSTOP)
    under.note("frozen worker")
    time.sleep(1.5 * SESSION)
    worker.signal(signal.SIGCONT)
    _must_end(under, 1, "a frozen worker that woke up")


def zombie(under: Deployed) -> None:
    """A worker is stopped and replaced under its own name; woken, it has to end without committing."""
    former = under.product.workers.pop(1)
    former.works(_START)
    former.signal(signal.SIGSTOP)
    under.note("zombie")
    try:
        under.product.start(1).works(_START)
        former.signal(signal.SIGCONT)
        if former.wait(ALARM) is None:
            under.trial.outcome.failures.append(f"a zombie still runs after {ALARM:g} s\n{under.product.logs()}")
    finally:
        former.clear()


def hung_shutdown(under: Deployed) -> None:
    """ClickHouse does not answer while a worker is told to stop: it must not wait for ever."""
    worker = under.product.workers[2]
    worker.works(_START)
    with frozen(database(under.product.where)):
        time.sleep(1.0)
        worker.signal(signal.SIGTERM)
        under.note("hung shutdown")
        _must_end(under, 2, "a shutdown without ClickHouse")


def hanging_transaction(under: Deployed) -> None:
    """Somebody's transaction on a changelog stays open; a worker that restores has to wait for its end, and go on."""
    told = under.product.told
    stranger = Producer(
        {
            "bootstrap.servers": told.kafka_bootstrap,
            "transactional.id": f"{told.topic_prefix}stranger",
            "transaction.timeout.ms": 10_000,
            "log_level": 0,
        }
    )
    stranger.init_transactions(30)
    stranger.begin_transaction()
    for number in range(told.partitions):
        stranger.produce(f"{told.topic_prefix}survey-changelog", b"\xff", b"stranger", partition=number)
    stranger.flush(30)
    under.note("hanging transaction")
    under.product.workers[1].kill()
    under.product.restart(1)
    under.product.workers[1].works(_START)


STALLS: tuple[Callable[[Deployed], None], ...] = (zombie, hanging_transaction, frozen_worker, hung_shutdown)


def in_turn(trial: Trial, workers: int, kinds: Sequence[Callable[[Deployed], None]]) -> None:
    """`faults` stalls, one kind after the other, while events keep coming, `scale` in a second.

    A kind's share of the events is fed at the least: on a slow machine its stall may begin when they are over, and a
    worker without an insert, or without a step, has nothing to stall at.
    """
    with trial.deploy() as under:
        under.start(workers)
        for number in range(trial.volume.faults):
            share = trial.volume.events // trial.volume.faults
            over, rate = threading.Event(), trial.volume.scale
            under.feeder.start(under.mix.until(over, share, 1 + int(rate / 10)), per_second=rate)
            try:
                kinds[number % len(kinds)](under)
            finally:
                over.set()
            under.feeder.join()
        under.drain(120)
        under.judge()


SCENARIOS = (
    Scenario(
        name="G12",
        promise="a stall is noticed",
        fault="zombie, hanging transaction, frozen worker, hung shutdown",
        volumes={
            "short": Volume(1, 2, 2_000, 200),
            "medium": Volume(1, 4, 20_000, 250),
            "release": Volume(5, 4, 40_000, 500),
        },
        act=lambda trial: in_turn(trial, 2, STALLS),
    ),
)
