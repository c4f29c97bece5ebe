"""The process that watches over detached workers: ``python -m infra.keeper COUNT``, with the settings around it.

It starts them, so it learns how they end. They outlive it; `cx restart` puts another in its place.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from infra import roster, workers
from infra.deployment import environment, surroundings
from infra.embedded import checks
from infra.embedded.process import ServerProcess, find, launch, own
from infra.secret import Secret
from infra.settings import from_environment
from infra.watching import Watch
from infra.workers import WorkerDiedError, last_line

if TYPE_CHECKING:
    from pathlib import Path

    from infra.settings import Settings

LOG: Final = "keeper.log"
_NAME: Final = "keeper"
_LOOK_S: Final = 0.5
_STOP_GRACE_S: Final = 10.0
_START_S: Final = 60.0


def start(settings: Settings, located: Settings, count: int) -> None:
    """Start a keeper and wait until it has started its workers; `located` names the servers.

    Raises WorkerDiedError, with nothing left running, where it ends or takes too long; EmbeddedServerError where one
    runs already.
    """
    home = checks.prepare_directory(_directory(settings))
    told = msgspec.structs.replace(
        located,
        data_dir=settings.data_dir.resolve(),
        # Of the passwords it needs the one that workers write with.
        clickhouse_password=Secret(),
        bi_password=Secret(),
        verbatim_password=Secret(),
        pay_password=Secret(),
    )
    with own(_NAME, home) as lock:
        roster.forget(settings)
        keeper = launch(
            lock,
            _NAME,
            [sys.executable, "-m", "infra.keeper", str(count)],
            home,
            environment={**surroundings(os.environ), **environment(told)},
            output=home / LOG,
            detach=True,
        )
    deadline = time.monotonic() + _START_S
    while (known := roster.read(settings)) is None or known.watcher != keeper.pid:
        if not keeper.alive() or time.monotonic() > deadline:
            stop(settings)
            workers.stop(workers.running(settings))
            raise WorkerDiedError(f"the workers could not be started: {last_line(home / LOG)}")
        time.sleep(0.05)


def running(settings: Settings) -> ServerProcess | None:
    """Return the keeper of the data directory's workers, None where there is none."""
    return find(_NAME, _directory(settings))


def stop(settings: Settings) -> None:
    """End the keeper; its workers go on."""
    if (keeper := running(settings)) is not None:
        keeper.stop(_STOP_GRACE_S)


def _directory(settings: Settings) -> Path:
    return settings.data_dir / _NAME


def keep(settings: Settings, count: int, asked_to_end: threading.Event) -> None:
    """Watch until asked to end, or until the workers are nobody's any more."""
    watch = Watch(settings, count, detach=True, say=_say)
    watch.begin()
    while not asked_to_end.wait(_LOOK_S) and roster.read(settings) is not None:
        try:
            watch.look()
        except WorkerDiedError:
            continue  # said already; `cx restart` may ask for more


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


def main() -> None:
    ending = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: ending.set())
    keep(from_environment(os.environ), int(sys.argv[1]), ending)


if __name__ == "__main__":
    main()
