"""What is said of a worker that does not answer: its process tells whether it starts, was stopped, or hangs."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deployment import worker_directory
from infra.embedded import checks
from infra.embedded.process import ServerProcess, launch, own
from infra.health import endpoints
from infra.health.endpoints import STARTS_S
from infra.settings import Settings

pytestmark = pytest.mark.servers  # it asks at a port, if one that nobody listens on


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[ServerProcess]:
    """A worker whose process runs and that listens on no port."""
    home = checks.prepare_directory(worker_directory(Settings(data_dir=tmp_path), 1))
    (home / "web").write_text(f"http://127.0.0.1:{checks.pick_free_ports(1)[0]}\n")
    with own("worker", home) as lock:
        log = home / "worker.log"
        begun = launch(lock, "worker 1", ["sleep", "600"], home, environment=os.environ, output=log, detach=True)
    yield begun
    begun.stop(grace_s=1)


def _seen(worker: ServerProcess, tmp_path: Path, age: float) -> tuple[str, str]:
    (found,) = endpoints.look(Settings(data_dir=tmp_path), (), worker.identity.created + age)
    assert not found.healthy
    return found.state, found.trouble


def test_a_worker_that_has_just_begun_is_starting(silent: ServerProcess, tmp_path: Path) -> None:
    """Whoever has typed `cx restart` or promoted looks at once: seconds in which no port is open are no outage."""
    assert _seen(silent, tmp_path, 1.0) == ("starting", "")
    assert _seen(silent, tmp_path, STARTS_S - 1) == ("starting", "")


@pytest.mark.parametrize("age", [STARTS_S + 1, -STARTS_S - 1, 1e9])
def test_one_that_stays_silent_is_in_trouble(silent: ServerProcess, tmp_path: Path, age: float) -> None:
    """A worker that hangs before it listens must not be starting for ever, whatever becomes of the date."""
    state, trouble = _seen(silent, tmp_path, age)
    assert state == ""
    assert "refused" in trouble


def test_one_that_a_signal_stopped_is_in_trouble_however_young(silent: ServerProcess, tmp_path: Path) -> None:
    """It starts nothing until somebody lets it go on."""
    os.kill(silent.pid, signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while not silent.frozen():
        assert time.monotonic() < deadline
    state, trouble = _seen(silent, tmp_path, 1.0)
    assert state == ""
    assert f"kill -CONT {silent.pid}" in trouble


def test_what_a_silent_worker_has_is_nobodys(silent: ServerProcess, tmp_path: Path) -> None:
    """Whoever waits until all is done must not take a worker that still starts for one with nothing to do."""
    assert silent.alive()
    assert endpoints.undone(Settings(data_dir=tmp_path)) == (0, 0)
    assert endpoints.undone(Settings(data_dir=tmp_path / "elsewhere")) is None
