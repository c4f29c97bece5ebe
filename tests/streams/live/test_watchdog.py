"""G12 on a real broker: a worker that stands still ends by itself, and says why in its last line."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.streams.live.host_process import Worker
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers

STATUS = 4
SHORT = {"stall_seconds": 6.0, "shutdown_seconds": 3.0}


def _running(worker: Worker) -> None:
    wait_until(lambda: worker.get("/health")[0] == 200)
    worker.respond(0, 9.0)
    wait_until(lambda: worker.json("/lag")["consumed"] == 1)


@pytest.mark.parametrize(
    ("stall", "reason"),
    [("loop", "the event loop has not turned"), ("fetching", "records wait at")],
)
def test_a_worker_that_stands_still_ends(worker: Worker, stall: str, reason: str) -> None:
    """Alive, a member of the group, and doing nothing: nobody else would ever take its partitions."""
    process = worker.start(stall=stall, host=SHORT)
    _running(worker)
    process.send_signal(signal.SIGHUP)
    for number in range(1, 60):  # the first may still be taken in: a consumer pauses when its fetch under way is over
        worker.respond(number, 9.0)
        if process.poll() is not None:
            break
        time.sleep(0.5)
    assert process.wait(120) == STATUS
    assert "the engine has stopped: watchdog" in worker.log
    assert reason in worker.log


def test_an_engine_that_hangs_ends(worker: Worker) -> None:
    """Whatever call never returns, between two steps or within one."""
    process = worker.start(crash="mid_transaction:2:hang", host=SHORT)
    _running(worker)
    worker.respond(1, 9.0)
    assert process.wait(120) == STATUS
    assert "the engine has not turned" in worker.log


def test_a_shutdown_that_hangs_is_cut(worker: Worker) -> None:
    """Otherwise a deployment waits for its grace period, and an operator for nothing."""
    process = worker.start(crash="before_commit:2:hang", host=SHORT | {"stall_seconds": 600.0})
    _running(worker)
    worker.respond(1, 9.0)
    wait_until(lambda: worker.json("/health")["seconds_since_beat"] > 1)  # it hangs, and not just before
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == STATUS
    assert "stopping has taken" in worker.log


def test_a_quiet_worker_stays(worker: Worker) -> None:
    """No events for longer than the limit is no stall, and neither are records that another's transaction hides."""
    stall = 8.0
    process = worker.start(host=SHORT | {"stall_seconds": stall})
    _running(worker)
    with worker.open_transaction(), pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5 * stall)
    worker.respond(1, 9.0)
    wait_until(lambda: worker.json("/lag")["consumed"] == 2)
