"""`cx` as it is typed, on servers of a test's own, and a worker beside it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra import local, workers
from infra.cli import app
from infra.deployment import environment
from infra.embedded.process import ServerProcess
from infra.settings import Settings

Cx = Callable[..., Any]


@pytest.fixture
def cx(here: Settings, monkeypatch: pytest.MonkeyPatch) -> Cx:
    """Run `cx`; returns its result after checking the exit status."""
    for name, value in environment(here).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, stdin: str | None = None, status: int = 0) -> Result:
        result = CliRunner().invoke(app, arguments, input=stdin)
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture
def worker(here: Settings) -> Iterator[ServerProcess]:
    local.prepare(here)
    running = workers.start(here, 1, detach=False)
    yield running
    running.stop(workers.STOP_GRACE_S)
