"""The workers that somebody watches over, without servers: those that end, and those that end for good."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import keeper, roster, workers
from infra.cli.pipeline import Stopped
from infra.deployment import worker_directory
from infra.embedded import checks
from infra.embedded.process import ServerProcess, launch, own
from infra.settings import Settings
from infra.watching import Watch
from infra.workers import WorkerDiedError

_AT_LIMIT = (
    "2026-11-30 CRITICAL streams.live.worker.engine_service: the engine has stopped: dead-letter limit: 1000 in a row"
)
_LOST = "partitions lost: this worker was away longer than its session"


class Bench:
    """A data directory whose workers are shell scripts: `script` is what the next one runs. `now` is the time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told, self.script, self.said, self.now = Settings(data_dir=folder), "exec sleep 600", list[str](), 1_000.0
        self._begun = list[ServerProcess]()
        monkeypatch.setattr(workers, "start", self._start)

    def watch(self, count: int = 2) -> Watch:
        return Watch(self.told, count, detach=True, say=self.said.append, clock=lambda: self.now)

    def _start(self, settings: Settings, number: int, *, detach: bool) -> ServerProcess:
        home = checks.prepare_directory(worker_directory(settings, number))
        workers.keep_log(home)
        with own("worker", home) as lock:
            command, log = ["sh", "-c", self.script], home / workers.LOG
            begun = launch(lock, f"worker {number}", command, home, environment=os.environ, output=log, detach=detach)
        self._begun.append(begun)
        return begun

    def member(self, number: int) -> roster.Member:
        known = roster.read(self.told)
        assert known is not None
        return known.members[number - 1]

    def pid(self, number: int) -> int:
        return next(each.pid for each in workers.running(self.told) if each.name == f"worker {number}")

    def kill(self, number: int) -> None:
        os.kill(self.pid(number), signal.SIGKILL)
        self.ended(number)

    def ended(self, number: int) -> None:
        deadline = time.monotonic() + 30
        while any(each.name == f"worker {number}" for each in workers.running(self.told)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def close(self) -> None:
        for each in self._begun:
            each.stop(grace_s=1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path, monkeypatch)
    yield made
    made.close()


def test_a_killed_worker_is_named_and_started_again_later_each_time(bench: Bench) -> None:
    """Nobody knew that one of two was gone, and of detached ones nobody started any again."""
    watch = bench.watch()
    watch.begin()
    assert [bench.member(number) for number in (1, 2)] == [roster.Member(1), roster.Member(2)]
    for pause in (1.0, 2.0, 4.0):
        before = bench.pid(1)
        bench.kill(1)
        watch.look()
        gone = bench.member(1)
        assert (gone.reason, gone.again_at, gone.over) == ("it was killed (SIGKILL)", bench.now + pause, False)
        assert bench.said[-1] == f"worker 1 ended: it was killed (SIGKILL); it is started again in {pause:.0f} s"
        bench.now += pause - 0.5
        watch.look()
        assert len(workers.running(bench.told)) == 1
        bench.now += 0.5
        watch.look()
        assert bench.pid(1) != before
        assert (bench.member(1).again_at, bench.said[-1]) == (0.0, "worker 1 is started again")
    assert bench.member(2) == roster.Member(2)


@pytest.mark.parametrize("status", [5, 3], ids=["its status says so", "only its log does"])
def test_a_worker_that_stopped_at_the_dead_letter_limit_is_named_and_left_alone(bench: Bench, status: int) -> None:
    """It would read the same bad records, and stop at them; somebody has to look first."""
    bench.script = f"echo '{_AT_LIMIT}'; exit {status}"
    watch = bench.watch(1)
    watch.begin()
    bench.ended(1)
    for _ in range(2):
        with pytest.raises(WorkerDiedError, match="dead-letter limit: 1000 in a row"):
            watch.look()
        bench.now += 1e6
    assert bench.member(1).over
    assert len(bench.said) == 1
    bench.script = "exec sleep 600"
    roster.ask(bench.told, roster.Request(2))  # as `cx restart --workers 2` does
    watch.look()
    assert len(workers.running(bench.told)) == 2
    assert [bench.member(number) for number in (1, 2)] == [roster.Member(1), roster.Member(2)]
    assert roster.requested(bench.told) is None


def test_a_worker_that_ends_again_and_again_is_given_up(bench: Bench) -> None:
    """With its last words, which its successors do not wipe out."""
    bench.script = f"echo '2026-11-30 CRITICAL the engine has stopped: {_LOST}'; exit 3"
    watch = bench.watch(1)
    watch.begin()
    for _ in range(9):
        bench.ended(1)
        watch.look()
        bench.now += 61
        watch.look()
    bench.ended(1)
    with pytest.raises(WorkerDiedError, match="it ended 10 times"):
        watch.look()
    assert bench.member(1).reason == _LOST
    assert _LOST in (worker_directory(bench.told, 1) / workers.FORMER_LOG).read_text()


def test_what_a_promotion_stops_has_not_failed(bench: Bench) -> None:
    """It runs again when the promotion ends, not some time later: `cx status` comes next. No end is counted."""
    watch, over = bench.watch(), threading.Event()
    watch.begin()

    def looking() -> None:
        while not over.wait(0.3):
            watch.look()

    watcher = threading.Thread(target=looking)
    watcher.start()
    try:
        with workers.pause(bench.told, bench.told):
            time.sleep(0.5)
            assert workers.running(bench.told) == []
        assert len(workers.running(bench.told)) == 2
    finally:
        over.set()
        watcher.join()
    assert [bench.member(number).ends for number in (1, 2)] == [(), ()]


def test_another_watcher_takes_over_what_runs(bench: Bench) -> None:
    """A keeper that died leaves its workers running; how such a one ended, nobody knows for certain."""
    bench.watch().begin()
    before, watch = bench.pid(2), bench.watch(3)
    watch.begin()
    assert bench.pid(2) == before
    assert len(workers.running(bench.told)) == 3
    watch.look()
    assert bench.said == []


def test_a_keeper_ends_once_the_workers_are_nobodys(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cx down`, or a folder that was removed: it must not go on for ever."""
    monkeypatch.setattr(keeper, "_LOOK_S", 0.01)
    watched = list[bool]()

    class Ending:
        def wait(self, _seconds: float) -> bool:
            watched.append(roster.is_watched(roster.read(bench.told)))
            roster.forget(bench.told)
            return False

    keeper.keep(bench.told, 1, Ending())  # type: ignore[arg-type]
    assert watched == [True]
    assert len(workers.running(bench.told)) == 1


@pytest.mark.parametrize("detach", [False, True])
def test_a_worker_that_was_told_to_stop_before_it_was_noted_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, detach: bool
) -> None:
    """Ctrl-C may come when the process has just begun: detached, it would stay without servers for ever."""
    told, begun = Settings(data_dir=tmp_path), list[ServerProcess]()

    def cut(settings: Settings, number: int, *, detach: bool) -> ServerProcess:
        home = checks.prepare_directory(worker_directory(settings, number))
        with own("worker", home) as lock:
            command, log = ["sleep", "600"], home / "log"
            begun.append(
                launch(lock, f"worker {number}", command, home, environment=os.environ, output=log, detach=detach)
            )
        raise Stopped

    monkeypatch.setattr(workers, "start", cut)
    watch = Watch(told, detach=detach)
    with pytest.raises(Stopped):
        watch.start(1)
    assert begun[0].alive()
    try:
        watch.stop()
        assert not begun[0].alive()
    finally:
        begun[0].stop(grace_s=1)
