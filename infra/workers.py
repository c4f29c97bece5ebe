"""Worker processes beside local servers: started, found again and stopped, each with a directory and a log."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from infra.deployment import as_writer, environment, worker_directory
from infra.embedded import checks
from infra.embedded.process import ServerProcess, find, launch, own
from infra.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from infra.settings import Settings

STOP_GRACE_S: Final = 20.0
LOG: Final = "worker.log"
_NAME: Final = "worker"
_PAUSE: Final = "workers.paused"


class WorkerDiedError(Exception):
    """A worker ended on its own; the message is one sentence that names its log."""


def start(settings: Settings, number: int, *, detach: bool) -> ServerProcess:
    """Start a worker on the servers that the settings name, as the user that inserts.

    Unless detached, it ends with the calling process. Raises EmbeddedServerError where its directory is in use.
    """
    home = checks.prepare_directory(worker_directory(settings, number))
    # Only the first keeps the port that the settings name; the others take free ones.
    port = settings.web_port if number == 1 else 0
    told = msgspec.structs.replace(as_writer(settings), data_dir=settings.data_dir.resolve(), web_port=port)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with own(_NAME, home) as lock:
        return launch(
            lock,
            f"{_NAME} {number}",
            [sys.executable, "-m", "infra.cli", "worker"],
            home,
            environment={**inherited, **environment(told)},
            output=home / LOG,
            detach=detach,
        )


def running(settings: Settings) -> list[ServerProcess]:
    """Return the workers that an earlier process left on the data directory."""
    homes = sorted(settings.data_dir.glob(f"{_NAME}-*"))
    return [worker for home in homes if (worker := find(home.name.replace("-", " "), home)) is not None]


def stop(workers: Collection[ServerProcess]) -> None:
    """Stop workers, all at once; each commits what it has in hand."""
    if workers:
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(lambda worker: worker.stop(STOP_GRACE_S), workers))


def resume(settings: Settings) -> None:
    """End a pause that a crash has left behind."""
    (settings.data_dir / _PAUSE).unlink(missing_ok=True)


def death(worker: ServerProcess) -> WorkerDiedError:
    """Return what there is to say about a worker that has ended, with the last line of its log."""
    log = worker.directory / LOG
    return WorkerDiedError(f"{worker.name} ended by itself again and again: {_last_line(log)} (its log is {log})")


def paused(settings: Settings) -> bool:
    """Tell whether workers are to stay stopped for now."""
    return (settings.data_dir / _PAUSE).exists()


@contextmanager
def pause(settings: Settings, located: Settings, *, detached: bool) -> Iterator[None]:
    """Stop the data directory's workers for the length of a block.

    Afterwards the process that watches over them starts them again; detached ones have none and are started here.
    """
    marker = settings.data_dir / _PAUSE
    marker.touch()
    stopped = running(settings)
    try:
        stop(stopped)
        yield
    finally:
        resume(settings)
        for worker in stopped if detached else ():
            start(located, int(worker.name.rpartition(" ")[2]), detach=True)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return "it left no log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it logged nothing")
