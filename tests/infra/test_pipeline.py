"""The workers that a pipeline watches over, without servers: none may outlive it."""

import os
from pathlib import Path

import pytest

from infra import workers
from infra.cli.pipeline import Stopped
from infra.deployment import worker_directory
from infra.embedded import checks
from infra.embedded.process import ServerProcess, launch, own
from infra.local import Pipeline
from infra.settings import Settings


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
    pipeline = Pipeline(told, detach=detach)
    with pytest.raises(Stopped):
        pipeline.start(1)
    assert begun[0].alive()
    try:
        pipeline.stop()
        assert not begun[0].alive()
    finally:
        begun[0].stop(grace_s=1)
