"""A launcher that signals the wrong process, or leaves its own behind, does harm beyond its data directory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from infra.embedded import checks, process
from infra.embedded.errors import EmbeddedServerError
from infra.embedded.process import Guard, Identity, ServerProcess, find, launch, own

SLEEP = ["sleep", "600"]
READY = "print('ready', flush=True)"
STUBBORN = [sys.executable, "-c", f"import signal, time; signal.signal(15, signal.SIG_IGN); {READY}; time.sleep(600)"]
# Like both servers, it ends through a handler; a paused process without one would end at once.
GRACEFUL = [sys.executable, "-c", f"import signal, sys, time; signal.signal(15, sys.exit); {READY}; time.sleep(600)"]
STARTER = """
import os, sys
from pathlib import Path
from infra.embedded.process import launch, own
home = Path(sys.argv[1])
with own("Sleep", home) as lock:
    server = launch(lock, "Sleep", ["sleep", "600"], home, environment=os.environ, output=home / "log",
                    detach=sys.argv[2] == "detach")
print(server.pid, flush=True)
sys.stdin.read()
"""
Launch = Callable[[list[str]], ServerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Launch]:
    started: list[ServerProcess] = []

    def begin(command: list[str]) -> ServerProcess:
        with own("Sleep", tmp_path) as lock:
            server = launch(
                lock, "Sleep", command, tmp_path, environment=os.environ, output=tmp_path / "log", detach=False
            )
        started.append(server)
        return server

    yield begin
    for server in started:
        server.stop(grace_s=1)


def wait_until_gone(pid: int, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def wait_until_ready(server: ServerProcess) -> None:
    """A request that comes before the handler is there would end any process."""
    deadline = time.monotonic() + 60
    while "ready" not in (server.directory / "log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_only_shares_the_id_is_never_signalled(start: Launch, tmp_path: Path) -> None:
    """Process ids are used again: a stale pid file must not stop a stranger's program."""
    stranger = start(SLEEP)
    earlier = Identity(stranger.pid, stranger.identity.created - 100)
    ServerProcess("Sleep", tmp_path / "elsewhere", earlier).stop(grace_s=1)
    assert stranger.alive()


def test_a_process_that_ignores_the_request_is_killed(start: Launch) -> None:
    """A server that hangs while it stops must not hang whoever stops it."""
    server = start(STUBBORN)
    wait_until_ready(server)
    server.stop(grace_s=0.3)
    assert not server.alive()


def test_a_paused_process_is_stopped(start: Launch) -> None:
    """Fault tests pause servers; an interrupted one leaves a paused server to be stopped."""
    server = start(GRACEFUL)
    wait_until_ready(server)
    os.kill(server.pid, signal.SIGSTOP)
    began = time.monotonic()
    server.stop(grace_s=60)
    assert time.monotonic() - began < 50  # it ended by itself: a kill would have waited for the grace time
    assert not server.alive()


def test_a_server_is_stopped_by_its_starter_whatever_time_it_is(start: Launch, tmp_path: Path) -> None:
    """A clock that is set moves every start time; a starter that took its server for a stranger waited for ever."""
    server = start(SLEEP)
    assert server._child is not None
    moved = Identity(server.pid, server.identity.created + 100)
    seen = ServerProcess("Sleep", tmp_path, moved, child=server._child)
    assert seen.alive()
    seen.stop(grace_s=5)
    assert not server.alive()


def test_stopping_twice_is_stopping_once(start: Launch) -> None:
    """A context manager and a signal handler may both stop a server."""
    server = start(SLEEP)
    server.stop(grace_s=1)
    server.stop(grace_s=1)


def test_a_directory_has_one_owner_for_as_long_as_its_process_lives(start: Launch, tmp_path: Path) -> None:
    """Two servers on one data directory destroy it; a killed one must not lock it for ever."""
    server = start(SLEEP)
    with pytest.raises(EmbeddedServerError, match=f"in use by process {server.pid}"):
        own("Sleep", tmp_path)
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until_gone(server.pid)
    assert find("Sleep", tmp_path) is None
    own("Sleep", tmp_path).close()


@pytest.mark.parametrize("detached", [False, True])
def test_a_server_outlives_its_starter_only_when_detached(tmp_path: Path, detached: bool) -> None:
    """A killed test run or terminal must leave no servers behind, `cx up --detach` must."""
    command = [sys.executable, "-c", STARTER, str(tmp_path), "detach" if detached else "attached"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    assert wait_until_gone(pid, seconds=1 if detached else 30) is not detached
    if detached:
        found = find("Sleep", tmp_path)
        assert found is not None
        assert found.pid == pid
        found.stop(grace_s=5)
        assert wait_until_gone(pid)


@pytest.mark.parametrize("detached", [False, True])
def test_a_server_that_its_starter_does_not_collect_has_ended(tmp_path: Path, detached: bool) -> None:
    """A promotion stops workers whose parent is another process, and that one looks only now and then."""
    command = [sys.executable, "-c", STARTER, str(tmp_path), "detach" if detached else "attached"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        found = find("Sleep", tmp_path)
        assert found is not None
        found.stop(grace_s=2)
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert find("Sleep", tmp_path) is None
        starter.kill()


def test_who_finds_a_server_finds_it_guarded(start: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever kills the starter as soon as its server is to be found must not leave that server behind."""
    found: list[ServerProcess | None] = []

    class Late(Guard):
        def __init__(self, directory: Path, server: Identity) -> None:
            found.append(find("Sleep", tmp_path))
            super().__init__(directory, server)

    monkeypatch.setattr(process, "Guard", Late)
    start(SLEEP)
    assert found == [None]
    assert find("Sleep", tmp_path) is not None


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_cut_short_leaves_no_process(
    start: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: signal.Signals
) -> None:
    """Ctrl-C between the start of a process and the last word about it: nobody else would ever end that process."""
    begun: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            begun.append(self.pid)
            signal.raise_signal(asked)

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    before = signal.signal(asked, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            start(SLEEP)
        assert signal.getsignal(asked) is stop
    finally:
        signal.signal(asked, before)
    assert len(begun) == 2, "the server and its guard"
    assert not [pid for pid in begun if psutil.pid_exists(pid)]
    assert find("Sleep", tmp_path) is None
    own("Sleep", tmp_path).close()


def test_a_server_that_cannot_be_written_down_is_ended(start: Launch, tmp_path: Path) -> None:
    """On a full disk nothing could find it again to stop it; neither it nor its guard may stay."""
    (tmp_path / "server.pid").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        start(SLEEP)
    assert [each for each in psutil.Process().children() if str(tmp_path) in f"{each.cmdline()} {each.cwd()}"] == []
    own("Sleep", tmp_path).close()


@pytest.mark.parametrize("record", ["", "{", '{"pid": "x"}', "[]", '{"pid": 1}'])
def test_an_unreadable_pid_file_means_no_server(tmp_path: Path, record: str) -> None:
    """The file is written by a process that may be killed at any moment."""
    (tmp_path / "server.pid").write_text(record)
    assert find("Sleep", tmp_path) is None


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path) -> None:
    """A server that runs out of disk while it starts leaves half a data directory and a page of log."""
    with pytest.raises(EmbeddedServerError, match=r"not enough disk space: .* needs \d+ MiB"):
        checks.prepare_directory(tmp_path / "data", min_free_bytes=2**62)


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A typing error in the data directory's name must not end in a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="cannot be written: Not a directory"):
        checks.prepare_directory(tmp_path / "file" / "data")


def test_free_ports_differ() -> None:
    """The broker and its controller must not get the same one."""
    assert len(set(checks.pick_free_ports(20))) == 20
