"""What takes webhooks in beside the workers, without servers: started, started again after longer pauses, stopped."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import intake, workers
from infra.embedded import checks
from infra.embedded.process import ServerProcess, launch, own
from infra.intake import RECEIVE, TRANSLATE, Intake
from infra.settings import Settings


class Bench:
    """A data directory whose processes are shell scripts: `script` is what the next one runs. `now` is the time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told = Settings(data_dir=folder, sources=str(folder / "sources.yaml"))
        self.script, self.said, self.now = "exec sleep 600", list[str](), 1_000.0
        self.begun = list[ServerProcess]()
        monkeypatch.setattr(intake, "start", self._start)

    def intake(self) -> Intake:
        return Intake(self.told, detach=True, say=self.said.append, clock=lambda: self.now)

    def _start(self, settings: Settings, name: str, *, detach: bool) -> ServerProcess:
        home = checks.prepare_directory(settings.data_dir / name)
        with own(name, home) as lock:
            command, log = ["sh", "-c", self.script], home / workers.LOG
            begun = launch(lock, f"cx {name}", command, home, environment=os.environ, output=log, detach=detach)
        self.begun.append(begun)
        return begun

    def kill(self, name: str) -> None:
        os.kill(intake.running(self.told)[name].pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while name in intake.running(self.told):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path, monkeypatch)
    yield made
    for each in made.begun:
        each.stop(grace_s=1)


def test_what_ends_is_started_again_each_time_after_longer(bench: Bench) -> None:
    """Deliveries that nobody takes in are lost at senders that come only once, and a restart must not spin."""
    taking = bench.intake()
    taking.begin()
    assert set(intake.running(bench.told)) == {RECEIVE, TRANSLATE}
    for pause in (2, 4):
        bench.kill(RECEIVE)
        taking.look()
        assert bench.said[-1] == f"cx receive ended: it was killed (SIGKILL); it is started again in {pause} s"
        bench.now += pause - 1
        taking.look()
        assert set(intake.running(bench.told)) == {TRANSLATE}
        bench.now += 1
        taking.look()
        assert bench.said[-1] == "cx receive is started again"
        assert set(intake.running(bench.told)) == {RECEIVE, TRANSLATE}


def test_another_process_finds_and_stops_what_runs(bench: Bench) -> None:
    """`cx down` in another terminal must leave nothing running."""
    bench.intake().begin()
    before = {name: process.pid for name, process in intake.running(bench.told).items()}
    other = bench.intake()
    other.begin()
    assert {name: process.pid for name, process in intake.running(bench.told).items()} == before, (
        "none is started twice"
    )
    assert sorted(intake.stop(bench.told)) == ["cx receive", "cx translate"]
    assert intake.running(bench.told) == {}


def test_status_sees_which_of_both_runs(bench: Bench) -> None:
    """Somebody who is woken because webhooks are missing asks `cx status` first."""
    bench.script = "echo it listens; exec sleep 600"
    bench.intake().begin()
    (bench.told.data_dir / RECEIVE / "web").write_text("http://127.0.0.1:20003\n")
    deadline = time.monotonic() + 30
    while workers.last_line(bench.told.data_dir / TRANSLATE / workers.LOG) != "it listens":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    bench.kill(TRANSLATE)
    receive, translate = intake.seen(bench.told)
    assert (receive.name, receive.runs, receive.said) == ("cx receive", True, "http://127.0.0.1:20003")
    assert (translate.name, translate.runs, translate.said) == ("cx translate", False, "it listens")
    assert Path(translate.log).is_file()
    assert intake.seen(Settings(data_dir=bench.told.data_dir)) == [], "nobody asked for webhooks"


def test_a_port_that_is_taken_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second deployment on the machine takes another port, and has it again after a restart."""
    taken = {intake.PORT}
    monkeypatch.setattr(checks, "is_free", lambda port: port not in taken)
    monkeypatch.setattr(intake, "pick_free_ports", lambda _: [20_001])
    assert intake._port(tmp_path) == 20_001
    (tmp_path / "web").write_text("http://127.0.0.1:20002\n")
    assert intake._port(tmp_path) == 20_002
    taken.add(20_002)
    assert intake._port(tmp_path) == 20_001
