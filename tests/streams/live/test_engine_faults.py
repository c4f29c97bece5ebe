"""The promises G1, G2, G4 and G7 in their short form: workers die, and a recount from the topic finds nothing wrong.

Each ends in `Run.check`: outputs, changelog, rows and dead letters against an independent recount of the source topic.
"""

from __future__ import annotations

import random
import signal
import time

import pytest

from streams.live.crash import EXIT_STATUS, POINTS
from tests.streams.live.harness import Run

pytestmark = [pytest.mark.servers, pytest.mark.faults]

EVENTS = 6_000


def test_killed_workers_lose_and_double_nothing(run: Run) -> None:
    """G1: SIGKILL at any moment, two workers. The engine without its transaction fails here at once."""
    chance = random.Random(1)
    run.feed(EVENTS, bad_every=97)
    workers = [run.start(), run.start()]
    for _ in range(4):
        time.sleep(chance.uniform(1.0, 2.5))
        victim = chance.randrange(2)
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = run.start()
    run.drain(90)
    assert run.check() == EVENTS


def test_a_named_worker_takes_over_from_its_killed_self_at_once(run: Run) -> None:
    """G1 with static membership: no session timeout to sit out, and the open transaction is ended at the start."""
    run.feed(EVENTS)
    worker = run.start(member="w1", crash_at="before_commit:5", session_seconds=30.0, transaction_seconds=30.0)
    assert worker.wait(30) == EXIT_STATUS
    began = time.monotonic()
    run.start(member="w1", slow=0, session_seconds=30.0, transaction_seconds=30.0)
    run.drain(25)
    assert time.monotonic() - began < 15
    assert run.check() == EVENTS


def test_a_graceful_restart_under_backlog_loses_nothing(run: Run) -> None:
    """G2: a deploy is SIGTERM while thousands wait; the cycle under way ends, the rest is its successor's."""
    run.feed(EVENTS, bad_every=89)
    for _ in range(4):
        worker = run.start()
        time.sleep(1.5)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    run.start(slow=0)
    run.drain()
    assert run.check() == EVENTS


@pytest.mark.parametrize("point", POINTS)
def test_every_boundary_between_steps_is_safe(run: Run, point: str) -> None:
    """G4: the process ends exactly there, and its successor leaves what a calm run would have left."""
    run.feed(2_000, bad_every=61)
    worker = run.start(
        member="w", slow=0, crash_at=f"{point}:{2 if point == 'in_restore' else 1 if 'revoke' in point else 4}"
    )
    if point == "in_revoke":
        time.sleep(2)
        worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == EXIT_STATUS
    run.start(member="w", slow=0)
    run.drain()
    assert run.check() == 2_000


def test_a_frozen_worker_cannot_spoil_its_successor(run: Run) -> None:
    """G12: SIGSTOP past the session, partitions move on, SIGCONT: the woken worker must stop without committing."""
    run.feed(EVENTS)
    frozen = run.start(slow=0.1)
    time.sleep(2.5)
    frozen.send_signal(signal.SIGSTOP)
    run.start(slow=0)
    run.drain(60)
    frozen.send_signal(signal.SIGCONT)
    assert frozen.wait(30) == 3
    assert run.check() == EVENTS


def test_state_on_disk_survives_kills_too(run: Run) -> None:
    """The same promise with RocksDB, where a restart trusts what its predecessor left on the disk."""
    run.feed(EVENTS)
    for _ in range(3):
        worker = run.start(rocks=True, member="r")
        time.sleep(1.5)
        worker.kill()
        worker.wait()
    run.start(rocks=True, member="r", slow=0)
    run.drain()
    assert run.check() == EVENTS
    assert "next offset" in run.log
