"""Worker processes beside local servers: started, found again and stopped, each with a directory and a log."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from infra.deployment import as_writer, environment, surroundings, worker_directory
from infra.embedded import checks
from infra.embedded.checks import LOOPBACK, pick_free_ports
from infra.embedded.process import Identity, ServerProcess, find, launch, own

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from infra.settings import Settings

STOP_GRACE_S: Final = 25.0
"""More than a worker takes before it cuts its own shutdown (`shutdown_seconds`)."""
LOG: Final = "worker.log"
_NAME: Final = "worker"
_PAUSE: Final = "workers.paused"
_WEB: Final = "web"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound to
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


class WorkerDiedError(Exception):
    """A worker ended on its own; the message is one sentence that names its log."""


def start(settings: Settings, number: int, *, detach: bool) -> ServerProcess:
    """Start a worker on the servers that the settings name, as the user that inserts.

    Unless detached, it ends with the calling process. Raises EmbeddedServerError where its directory is in use.
    """
    home = checks.prepare_directory(worker_directory(settings, number))
    # Only the first keeps the port that the settings name; the others take free ones.
    port = (settings.web_port if number == 1 else 0) or pick_free_ports(1)[0]
    told = msgspec.structs.replace(as_writer(settings), data_dir=settings.data_dir.resolve(), web_port=port)
    with own(_NAME, home) as lock:
        (home / _WEB).write_text(f"http://{_reachable(settings.web_host)}:{port}\n", "utf-8")
        return launch(
            lock,
            f"{_NAME} {number}",
            [sys.executable, "-m", "infra.cli", "worker", "--name", stable_name(settings, number)],
            home,
            environment={**surroundings(os.environ), **environment(told)},
            output=home / LOG,
            detach=detach,
        )


def stable_name(settings: Settings, number: int) -> str:
    """Return the worker's name in the group: the same after a restart, another on every host and data directory.

    Two live workers of one name would stop each other; a successor of the same name takes over at once.
    """
    host = _NOT_IN_A_NAME.sub("-", socket.gethostname())[:64]
    place = hashlib.sha256(os.fsencode(settings.data_dir.resolve())).hexdigest()[:10]
    return f"{host}-{place}-{number}"


def address(worker: ServerProcess) -> str:
    """Return the base address of the worker's web endpoints; empty where it left none."""
    try:
        return (worker.directory / _WEB).read_text("utf-8").strip()
    except OSError:
        return ""


def _reachable(host: str) -> str:
    """Return a host by which this machine reaches what listens on `host`."""
    bare = LOOPBACK if host in _EVERYWHERE else host
    return f"[{bare}]" if ":" in bare else bare


def running(settings: Settings) -> list[ServerProcess]:
    """Return the workers that an earlier process left on the data directory."""
    homes = sorted(settings.data_dir.glob(f"{_NAME}-*"))
    return [worker for home in homes if (worker := find(home.name.replace("-", " "), home)) is not None]


def ended(settings: Settings) -> set[str]:
    """Return the stable names of the data directory's workers that do not run."""
    homes = {int(home.name.rpartition("-")[2]) for home in settings.data_dir.glob(f"{_NAME}-*")}
    return {stable_name(settings, number) for number in homes - {_number(worker) for worker in running(settings)}}


def stop(workers: Collection[ServerProcess]) -> None:
    """Stop workers, all at once; each commits what it has in hand."""
    if workers:
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(lambda worker: worker.stop(STOP_GRACE_S), workers))


class _Pause(msgspec.Struct, frozen=True):
    """Who paused the workers, and the numbers of those that ran before."""

    owner: int
    created: float
    workers: list[int]


def resume(settings: Settings) -> None:
    """End a pause that a crash has left behind."""
    (settings.data_dir / _PAUSE).unlink(missing_ok=True)


def death(worker: ServerProcess) -> WorkerDiedError:
    """Return what there is to say about a worker that has ended, with the last line of its log."""
    log = worker.directory / LOG
    return WorkerDiedError(f"{worker.name} ended by itself again and again: {_last_line(log)} (its log is {log})")


def paused(settings: Settings) -> bool:
    """Tell whether workers are to stay stopped for now: as long as the process lives that has paused them."""
    pause = _paused(settings)
    return pause is not None and Identity(pause.owner, pause.created).process() is not None


def _paused(settings: Settings) -> _Pause | None:
    try:
        return msgspec.json.decode((settings.data_dir / _PAUSE).read_bytes(), type=_Pause)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


@contextmanager
def pause(settings: Settings, located: Settings, *, detached: bool) -> Iterator[None]:
    """Stop the data directory's workers for the length of a block.

    Afterwards the process that watches over them starts them again; detached ones have none and are started here,
    those included that a killed pause has left stopped.
    """
    left = _paused(settings)
    stopped = running(settings)
    numbers = {_number(worker) for worker in stopped} | set(left.workers if left else ())
    me = Identity.of(os.getpid())
    marker = settings.data_dir / _PAUSE
    written = marker.with_suffix(".new")
    written.write_bytes(msgspec.json.encode(_Pause(me.pid, me.created, sorted(numbers))))
    written.replace(marker)
    try:
        stop(stopped)
        yield
    finally:
        wake(settings, located, detached=detached)


def wake(settings: Settings, located: Settings, *, detached: bool) -> None:
    """End a pause: start the workers that ran before it, unless a process watches over them that does."""
    pause = _paused(settings)
    if detached and pause is not None:
        here = {_number(worker) for worker in running(settings)}
        for number in sorted({*pause.workers} - here):
            start(located, number, detach=True)
    resume(settings)


def _number(worker: ServerProcess) -> int:
    return int(worker.name.rpartition(" ")[2])


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return "it left no log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it logged nothing")
