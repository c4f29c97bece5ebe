"""Worker processes beside local servers: started, found again and stopped, each with a directory and a log."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from infra import roster
from infra.deployment import as_writer, environment, surroundings, worker_directory
from infra.embedded import checks
from infra.embedded.checks import LOOPBACK, pick_free_ports
from infra.embedded.process import Identity, ServerProcess, find, launch, own
from streams.live.errors import LIMIT, LIMIT_STATUS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from infra.settings import Settings

STOP_GRACE_S: Final = 25.0
"""More than a worker takes before it cuts its own shutdown (`shutdown_seconds`)."""
LOG: Final = "worker.log"
FORMER_LOG: Final = "worker.log.1"
_NAME: Final = "worker"
_STOPPED: Final = "the engine has stopped: "
_CONTROL: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[^\n\x20-\x7e\xa0-\U0010ffff]")
_TAIL_BYTES: Final = 1 << 16
_PAUSE: Final = "workers.paused"
_WOKEN_S: Final = 5.0
"""Many times what a watcher takes to see that a pause has ended; one that sees nothing is for `status` to tell."""
_LOOK_S: Final = 0.05
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
    # Only the first has the port that the settings name; the others take free ones, and those again after a restart.
    port = (settings.web_port if number == 1 else 0) or former_port(home) or pick_free_ports(1)[0]
    told = msgspec.structs.replace(as_writer(settings), web_port=port)
    command = ["worker", "--name", stable_name(settings, number)]
    return begin(
        f"{_NAME} {number}", home, command, told, f"http://{_reachable(settings.web_host)}:{port}", detach=detach
    )


def begin(
    name: str, home: Path, command: Sequence[str], settings: Settings, url: str = "", *, detach: bool
) -> ServerProcess:
    """Start `cx` with a command in a prepared directory of its own, told these settings and nothing else of ours.

    The log of its predecessor is kept. `url` is where it will listen, for `address`. Unless detached, it ends with the
    calling process. Raises EmbeddedServerError where its directory is in use.
    """
    told = msgspec.structs.replace(settings, data_dir=settings.data_dir.resolve())
    with own(name, home) as lock:
        keep_log(home)
        if url:
            (home / _WEB).write_text(f"{url}\n", "utf-8")
        return launch(
            lock,
            name,
            [sys.executable, "-m", "infra.cli", *command],
            home,
            environment={**surroundings(os.environ), **environment(told)},
            output=home / LOG,
            detach=detach,
        )


def former_port(home: Path) -> int:
    """Return the port that a process listened on before, 0 where there is none that is free."""
    try:
        port = urlsplit(url_in(home)).port or 0
    except ValueError:
        return 0
    return port if port and checks.is_free(port) else 0


def keep_log(home: Path) -> None:
    """Keep what the worker before this one has logged: why it ended stands there."""
    if (home / LOG).exists():
        (home / LOG).replace(home / FORMER_LOG)


def stable_name(settings: Settings, number: int) -> str:
    """Return the worker's name in the group: the same after a restart, another on every host and data directory.

    Two live workers of one name would stop each other; a successor of the same name takes over at once.
    """
    host = _NOT_IN_A_NAME.sub("-", socket.gethostname())[:64]
    place = hashlib.sha256(os.fsencode(settings.data_dir.resolve())).hexdigest()[:10]
    return f"{host}-{place}-{number}"


def address(process: ServerProcess) -> str:
    """Return the base address of what a process serves over HTTP; empty where it left none."""
    return url_in(process.directory)


def url_in(home: Path) -> str:
    """Return the base address of what was last started in a directory; empty where it left none."""
    try:
        return (home / _WEB).read_text("utf-8").strip()
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
    return {stable_name(settings, number) for number in homes - {number_of(worker) for worker in running(settings)}}


def stop(workers: Collection[ServerProcess]) -> None:
    """Stop workers, all at once; each commits what it has in hand."""
    if workers:
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(lambda worker: worker.stop(STOP_GRACE_S), workers))


class Rest(msgspec.Struct):
    """A pause of the workers; set ``over`` where they are not to be started when it ends."""

    over: bool = False


class _Pause(msgspec.Struct, frozen=True):
    """Note who paused the workers, and the numbers of those that ran before."""

    owner: int
    created: float
    workers: list[int]


def resume(settings: Settings) -> None:
    """End a pause that a crash has left behind."""
    (settings.data_dir / _PAUSE).unlink(missing_ok=True)


def death(worker: ServerProcess) -> WorkerDiedError:
    """Return what there is to say about a worker that has ended, with the last line of its log."""
    reason, _ = last_words(worker)
    return WorkerDiedError(f"{worker.name} ended: {reason} (its log is {worker.directory / LOG})")


def last_words(worker: ServerProcess) -> tuple[str, bool]:
    """Return why a worker has ended, in one line, and whether starting it again would only repeat that.

    What it logged last says so, unless it was killed: only whoever started it can tell, others find it silent.
    """
    log, status = worker.directory / LOG, worker.status
    logged, stopped = last_line(log), last_line(log, _STOPPED).partition(_STOPPED)[2]
    if status is not None and status < 0:
        return f"it was killed ({signal.Signals(-status).name})", False
    if stopped:
        return stopped, status == LIMIT_STATUS or stopped.startswith(LIMIT)
    said = logged.removeprefix("cx: ")
    if status is None:
        return f"it was killed or gave no reason; it logged last: {said}", False
    return (f"it was asked to stop; it logged last: {said}" if status == 0 else f"{said} (status {status})"), False


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
def pause(settings: Settings, located: Settings) -> Iterator[Rest]:
    """Stop the data directory's workers for the length of a block.

    Afterwards the process that watches over them starts them again; where none does they are started here, those
    included that a killed pause has left stopped.
    """
    left = _paused(settings)
    stopped = running(settings)
    numbers = {number_of(worker) for worker in stopped} | set(left.workers if left else ())
    me = Identity.of(os.getpid())
    marker = settings.data_dir / _PAUSE
    written = marker.with_suffix(".new")
    written.write_bytes(msgspec.json.encode(_Pause(me.pid, me.created, sorted(numbers))))
    written.replace(marker)
    rest = Rest()
    try:
        stop(stopped)
        yield rest
    finally:
        if rest.over:
            resume(settings)
        else:
            wake(settings, located)


def wake(settings: Settings, located: Settings) -> None:
    """End a pause: start the workers that ran before it, or wait until the process that watches over them has."""
    pause, known = _paused(settings), roster.read(settings)
    wanted = set(pause.workers) if pause is not None else set()
    if not roster.is_watched(known):
        for number in sorted(wanted - _numbers(settings)):
            start(located, number, detach=True)
    resume(settings)
    deadline = time.monotonic() + _WOKEN_S
    while roster.is_watched(known) and wanted - _numbers(settings) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _numbers(settings: Settings) -> set[int]:
    return {number_of(worker) for worker in running(settings)}


def number_of(worker: ServerProcess) -> int:
    return int(worker.name.rpartition(" ")[2])


def last_line(log: Path, holding: str = "") -> str:
    """Return the last line of a log, or the last one that holds a text; empty where there is no such line.

    Nothing in it acts on a terminal: libraries log sequences that hide a cursor, and senders' bytes may be quoted.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = _CONTROL.sub("", file.read().decode("utf-8", errors="replace"))
    except OSError:
        return "" if holding else "it left no log"
    kept = [line.strip() for line in text.split("\n") if line.strip() and holding in line]
    return kept[-1] if kept else "" if holding else "it logged nothing"
