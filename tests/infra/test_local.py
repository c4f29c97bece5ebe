import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from infra import intake, keeper, local, wiring, workers
from infra.demo import webhook
from infra.deployment import locate
from infra.embedded.checks import pick_free_ports
from infra.embedded.process import find
from infra.settings import Settings
from infra.standing import settle
from infra.stillness import members

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
_ACCOUNT = '{"account_id": "acme", "occurred_at": "2025-05-01T00:00:00Z", "name": "Acme"}'


def _environment(folder: Path, ports: list[int]) -> dict[str, str]:
    kafka, native, http, web = ports
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CX_")},
        "CX_STACK": "embedded",
        "CX_DATA_DIR": str(folder),
        "CX_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka}",
        "CX_CLICKHOUSE_PORT": str(native),
        "CX_CLICKHOUSE_HTTP_PORT": str(http),
        "CX_WEB_PORT": str(web),
    }


def _cx(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def _of(folder: Path) -> list[psutil.Process]:
    """Processes that have anything to do with the folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and str(folder) in f"{process.cmdline()} {process.cwd()}":
                found.append(process)
    return found


@contextmanager
def _up(environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`cx up` once its worker runs; killed and cleared away whatever the test does."""
    with (folder.parent / "up.log").open("wb") as log:
        command = [sys.executable, "-m", "infra.cli", "up", "--no-demo"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 200
        while not workers.running(Settings(data_dir=folder)):
            assert process.poll() is None, (folder.parent / "up.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()
        _gone(folder)


def _gone(folder: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while left := _of(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


def _healthy(environment: dict[str, str], seconds: float = 200) -> None:
    """Wait until `cx status` finds nothing wrong: a worker that has just begun is no member of the group yet."""
    deadline = time.monotonic() + seconds
    while (status := _cx(environment, "status")).returncode != 0:
        assert time.monotonic() < deadline, status.stdout


def _pid(settings: Settings, number: int) -> int:
    return next(each.pid for each in workers.running(settings) if each.name == f"worker {number}")


def _pid_of(home: Path) -> int:
    server = find("server", home)
    assert server is not None
    return server.pid


def _replaced(settings: Settings, number: int, former: int, seconds: float = 150) -> None:
    """Wait until another process runs in a worker's place."""
    deadline = time.monotonic() + seconds
    while former in (now := [w.pid for w in workers.running(settings) if w.name == f"worker {number}"]) or not now:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _alone(settings: Settings, seconds: float = 150) -> None:
    """Wait until the group has one member."""
    here, deadline = locate(settings), time.monotonic() + seconds
    while len(members(here)) != 1:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _owning(folder: Path, name: str, seconds: float = 150) -> None:
    """Wait until a worker has opened its partitions: the group may have shared them out before it has heard."""
    deadline = time.monotonic() + seconds
    while "streams.live.engine.engine: assigned" not in (folder / name / "worker.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_up_watches_over_its_worker_and_stops_cleanly(tmp_path: Path) -> None:
    """The life of `cx up`: found by others, one per folder, a dead worker replaced, all gone on Ctrl-C."""
    folder = tmp_path / "cx"
    environment = _environment(folder, pick_free_ports(4))
    with _up(environment, folder) as process:
        second = _cx(environment, "up")
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert f"a pipeline runs on {folder}" in second.stderr
        assert not webhook.file_in(folder).exists(), "who is refused leaves no source behind for the one that runs"
        _healthy(environment)
        settings = Settings(data_dir=folder)
        killed = _pid(settings, 1)
        os.kill(killed, signal.SIGKILL)
        _replaced(settings, 1, killed)
        assert "worker 1 ended: it was killed (SIGKILL); it is started again" in (tmp_path / "up.log").read_text()
        before, broker = _pid(settings, 1), _pid_of(folder / "kafka")
        restarted = _cx(environment, "restart")
        assert restarted.returncode == 0, restarted.stderr
        assert f"`cx up` (process {process.pid}) watches over them" in restarted.stdout
        _replaced(settings, 1, before)
        assert _pid_of(folder / "kafka") == broker
        process.send_signal(signal.SIGINT)
        assert process.wait(150) == 0
        assert _of(folder) == []
        assert not (folder / "stack.json").exists()
    assert "nothing runs on" in _cx(environment, "status").stderr


def test_taken_down_from_another_terminal_it_ends(tmp_path: Path) -> None:
    """It used to watch on for ever, starting workers for servers that had been stopped."""
    folder = tmp_path / "cx"
    environment = _environment(folder, pick_free_ports(4))
    with _up(environment, folder) as process:
        _healthy(environment)
        assert "stopped: " in _cx(environment, "down").stdout
        assert process.wait(150) == 0
        assert "taken down by `cx down`" in (tmp_path / "up.log").read_text()
        _gone(folder)


def test_what_a_killed_up_leaves_ends_by_itself(tmp_path: Path) -> None:
    """Nobody cleans up after kill -9 or a closed laptop; servers without an owner would hold ports and memory."""
    folder = tmp_path / "cx"
    environment = _environment(folder, pick_free_ports(4))
    with _up(environment, folder) as process:
        process.kill()
        process.wait()
        _gone(folder)


@pytest.mark.parametrize("taken", range(4), ids=["kafka", "clickhouse", "http", "web"])
def test_a_taken_port_is_one_sentence_and_nothing_stays(tmp_path: Path, taken: int) -> None:
    """Each port may belong to somebody else; what was started before it was found must not stay half up."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ports = pick_free_ports(4)
        ports[taken] = holder.getsockname()[1]
        refused = _cx(_environment(tmp_path / "cx", ports), "up")
    assert refused.returncode == 1
    sentence = [line for line in refused.stderr.splitlines() if line.startswith("cx: ")]
    assert len(sentence) == 1
    assert f"port {ports[taken]} " in sentence[0]
    assert "Traceback" not in refused.stderr
    _gone(tmp_path / "cx", 5)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A data directory below a file is the mistake that even root cannot write through."""
    (tmp_path / "file").write_text("")
    refused = _cx(_environment(tmp_path / "file" / "cx", pick_free_ports(4)), "up")
    assert (refused.returncode, refused.stderr.count("cx: ")) == (1, 1)
    assert "cannot be written" in refused.stderr


def _is_taken_in(environment: dict[str, str], folder: Path) -> None:
    """Kill what takes webhooks in, send one as the line that `cx up` prints does, and wait until a view has it."""
    settings = Settings(data_dir=folder)
    killed = intake.running(settings)[intake.RECEIVE].pid
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while (now := intake.running(settings).get(intake.RECEIVE)) is None or now.pid == killed:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    line = webhook.command(folder, intake.address(settings)).replace(
        "curl", "curl --fail --retry 60 --retry-all-errors"
    )
    sent = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=90, check=False)
    assert sent.returncode == 0, sent.stderr
    asked = f"SELECT account_id, nps FROM response WHERE source = '{webhook.SOURCE}'"
    while "webhook-demo" not in _cx(environment, "sql", asked).stdout:
        assert time.monotonic() < deadline


def test_detached_it_stays_until_it_is_taken_down(tmp_path: Path) -> None:
    """For work in one terminal: up, use, down; and a rebuild is promoted by stopping and starting its workers."""
    folder = tmp_path / "cx"
    environment = _environment(folder, pick_free_ports(4))
    webhook.prepare(folder, wiring.clock())
    try:
        up = _cx(environment, "up", "--detach", "--no-demo", "--workers", "2")
        assert up.returncode == 0, up.stderr
        settings = Settings(data_dir=folder)
        frozen, killed, broker = _pid(settings, 1), _pid(settings, 2), _pid_of(folder / "kafka")
        _healthy(environment)
        os.kill(killed, signal.SIGKILL)
        _replaced(settings, 2, killed)
        _owning(folder, "worker-1")
        os.kill(frozen, signal.SIGSTOP)
        _alone(settings)  # its session has timed out, and its partitions are another's
        named = json.loads(_cx(environment, "status", "--format", "json").stdout)
        assert named["wanted"] == 2
        assert [each["reason"] for each in named["workers"]] == ["", "it was killed (SIGKILL)"]
        assert {"worker 1"} <= {check["name"] for check in named["checks"] if check["verdict"] == "fail"}
        (tmp_path / "event.json").write_text(_ACCOUNT)
        emitted = _cx(environment, "emit", "account_upserted", str(tmp_path / "event.json"))
        assert emitted.returncode == 0, emitted.stderr
        settle(locate(settings), lambda: None)
        os.kill(frozen, signal.SIGCONT)
        _replaced(settings, 1, frozen)
        _is_taken_in(environment, folder)
        before = {worker.pid for worker in workers.running(settings)}
        promoted = _cx(environment, "rebuild", "--promote")
        assert promoted.returncode == 0, promoted.stderr
        after = {worker.pid for worker in workers.running(settings)}
        assert len(after) == 2
        assert not before & after
        taken_back = _cx(environment, "replay", "back", "--yes")
        assert taken_back.returncode == 0, taken_back.stderr
        assert "acme" in _cx(environment, "sql", "SELECT account_id FROM account_history").stdout
        assert set(intake.running(settings)) == {intake.RECEIVE, intake.TRANSLATE}
        keeper.stop(settings)
        os.kill(_pid(settings, 1), signal.SIGKILL)
        assert "nobody starts it again" in _cx(environment, "status").stdout
        restarted = _cx(environment, "restart", "--workers", "1")
        assert restarted.returncode == 0, restarted.stderr
        assert [each.name for each in workers.running(settings)] == ["worker 1"]
        assert keeper.running(settings) is not None
        assert _pid_of(folder / "kafka") == broker
    finally:
        local.stop(Settings(data_dir=folder))
    _gone(folder)
