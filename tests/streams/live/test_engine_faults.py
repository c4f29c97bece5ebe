"""The promises G1, G2, G4 and G7 in their short form: workers die, and a recount from the topic finds nothing wrong.

Each ends in `Run.check`: outputs, changelog, rows and dead letters against an independent recount of the source topic.
"""

from __future__ import annotations

import random
import signal
import time

import pytest

from streams.live.engine.crash_points import EXIT_STATUS, POINTS
from tests.streams.live.harness import Run

pytestmark = [pytest.mark.servers, pytest.mark.faults]

EVENTS = 6_000


def test_killed_workers_lose_and_double_nothing(run: Run) -> None:
    """G1: SIGKILL at any moment, two workers. The engine without its transaction fails here at once.

    Both die owning partitions with thousands waiting, the second perhaps amid the rebalance that the first has caused.
    """
    chance = random.Random(1)
    workers = [run.start(), run.start()]
    for worker in workers:
        run.await_assignment(worker)
    run.feed(EVENTS, bad_every=97)
    for _ in range(2):
        time.sleep(chance.uniform(0.0, 1.0))
        victim = workers.pop(0)
        victim.kill()
        victim.wait()
        workers.append(run.start())
    run.drain()
    assert run.check() == EVENTS


def test_a_named_worker_takes_over_from_its_killed_self_at_once(run: Run) -> None:
    """G1 with static membership: no session timeout to sit out, and the open transaction is ended at the start."""
    sat_out = 100.0
    told = {"member": "w1", "session_seconds": sat_out, "transaction_seconds": sat_out}
    run.feed(EVENTS)
    assert run.start(crash_at="before_commit:5", **told).wait(120) == EXIT_STATUS
    run.start(slow=0, **told)
    run.drain(0.6 * sat_out)
    assert run.check() == EVENTS


def test_a_graceful_restart_under_backlog_loses_nothing(run: Run) -> None:
    """G2: a deploy is SIGTERM while thousands wait; the cycle under way ends, the rest is its successor's."""
    for part in range(4):
        run.feed(EVENTS // 4, seed=part, bad_every=89)
        worker = run.start_to_work(slow=0.1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(120) == 0
    run.start(slow=0)
    run.drain()
    assert run.check() == EVENTS


@pytest.mark.parametrize("point", POINTS)
def test_every_boundary_between_steps_is_safe(run: Run, point: str) -> None:
    """G4: the process ends exactly there, and its successor leaves what a calm run would have left."""
    run.feed(2_000, bad_every=61)
    if point == "in_revoke":
        worker = run.start_to_work(member="w", slow=0, crash_at="in_revoke:1")
        worker.send_signal(signal.SIGTERM)
    else:
        worker = run.start(member="w", slow=0, crash_at=f"{point}:{2 if point == 'in_restore' else 4}")
    assert worker.wait(120) == EXIT_STATUS
    run.start(member="w", slow=0)
    run.drain()
    assert run.check() == 2_000


def test_a_frozen_worker_cannot_spoil_its_successor(run: Run) -> None:
    """G12: SIGSTOP past the session, partitions move on, SIGCONT: the woken worker must stop without committing."""
    run.feed(EVENTS)
    frozen = run.start_to_work(slow=0.1)
    frozen.send_signal(signal.SIGSTOP)
    run.start(slow=0)
    run.drain()
    frozen.send_signal(signal.SIGCONT)
    assert frozen.wait(120) == 3
    assert run.check() == EVENTS


def test_state_on_disk_survives_kills_too(run: Run) -> None:
    """The same promise with RocksDB, where a restart trusts what its predecessor left on the disk."""
    for part in range(3):
        run.feed(EVENTS // 3, seed=part)
        worker = run.start_to_work(rocks=True, member="r", slow=0.1)
        worker.kill()
        worker.wait()
    run.start(rocks=True, member="r", slow=0)
    run.drain()
    assert run.check() == EVENTS
    assert "next offset" in run.log
