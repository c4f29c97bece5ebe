"""Run `cx receive` and `cx translate` beside the workers of a data directory, one process each.

They run where the settings name a sources file. One that ends is started again, each time after a longer pause.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from infra import workers
from infra.deployment import as_writer
from infra.embedded import checks
from infra.embedded.checks import LOOPBACK, pick_free_ports
from infra.embedded.errors import EmbeddedServerError
from infra.embedded.process import ServerProcess, find
from infra.health.model import Taking
from infra.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import Settings

RECEIVE, TRANSLATE = "receive", "translate"
PORT: Final = 8480
"""Port on which webhooks are taken in, unless something else listens there."""
STOP_GRACE_S: Final = 15.0
_FIRST_PAUSE_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 60.0


class Intake:
    """Both processes, or none where the settings name no sources file; `say` gets a sentence for each event."""

    def __init__(
        self,
        settings: Settings,
        *,
        detach: bool,
        say: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._detach, self._say, self._clock = settings, detach, say, clock
        self._processes: dict[str, ServerProcess] = {}
        self._pauses = dict.fromkeys(_names(settings), _FIRST_PAUSE_S)
        self._due: dict[str, float] = {}

    def begin(self) -> None:
        """Start what does not run yet. Raises EmbeddedServerError."""
        self._processes = running(self._settings)
        for name in self._pauses:
            if name not in self._processes:
                self._processes[name] = start(self._settings, name, detach=self._detach)

    def look(self) -> None:
        """Look once: note what has ended, and start again what is due."""
        now = self._clock()
        for name in self._pauses:
            if name in self._due:
                if now >= self._due[name]:
                    self._again(name)
            elif (process := self._processes.get(name)) is None or not process.alive():
                self._put_off(name, _end_of(process))

    def stop(self) -> None:
        """Stop both, those included that were never noted here."""
        for process in self._processes.values():
            process.stop(STOP_GRACE_S)
        stop(self._settings)

    def _again(self, name: str) -> None:
        if (former := self._processes.get(name)) is not None:
            former.stop(STOP_GRACE_S)
        try:
            self._processes[name] = start(self._settings, name, detach=self._detach)
        except (EmbeddedServerError, OSError) as error:
            self._put_off(name, str(error))
            return
        del self._due[name]
        self._say(f"cx {name} is started again")

    def _put_off(self, name: str, reason: str) -> None:
        pause = self._pauses[name]
        self._due[name], self._pauses[name] = self._clock() + pause, min(2 * pause, _LONGEST_PAUSE_S)
        self._say(f"cx {name} ended: {reason}; it is started again in {pause:.0f} s")


def start(settings: Settings, name: str, *, detach: bool) -> ServerProcess:
    """Start one of both. Unless detached, it ends with the calling process.

    Raises EmbeddedServerError where it runs already.
    """
    home = checks.prepare_directory(_home(settings, name))
    told = msgspec.structs.replace(
        as_writer(settings),
        sources=str(Path(settings.sources).resolve()),
        clickhouse_password=Secret(),  # neither asks ClickHouse anything
    )
    if name != RECEIVE:
        return workers.begin(f"cx {name}", home, [name], told, detach=detach)
    port = _port(home)
    command = [name, "--port", str(port)]
    return workers.begin(f"cx {name}", home, command, told, f"http://{LOOPBACK}:{port}", detach=detach)


def _end_of(process: ServerProcess | None) -> str:
    """Return why a process has ended, in one line."""
    return "it was not there" if process is None else workers.last_words(process)[0]


def _port(home: Path) -> int:
    """Return the port of before, or the usual one, or another where something listens there."""
    return workers.former_port(home) or (PORT if checks.is_free(PORT) else pick_free_ports(1)[0])


def address(settings: Settings) -> str:
    """Return the base address of the hooks; empty where nothing has taken any in."""
    return workers.url_in(_home(settings, RECEIVE))


def running(settings: Settings) -> dict[str, ServerProcess]:
    """Return what runs on the data directory, by name."""
    found = {name: find(f"cx {name}", _home(settings, name)) for name in (RECEIVE, TRANSLATE)}
    return {name: process for name, process in found.items() if process is not None}


def seen(settings: Settings) -> list[Taking]:
    """Return how both fare on the data directory; nothing where the settings name no sources file."""
    return [_seen(settings, name) for name in _names(settings)]


def _seen(settings: Settings, name: str) -> Taking:
    log = _home(settings, name) / workers.LOG
    if name not in running(settings):
        return Taking(f"cx {name}", runs=False, said=workers.last_line(log), log=str(log))
    return Taking(f"cx {name}", runs=True, said=address(settings) if name == RECEIVE else "", log=str(log))


def stop(settings: Settings) -> list[str]:
    """Stop what runs on the data directory, what takes in first; return the names of what was stopped."""
    found = running(settings).values()
    for process in found:
        process.stop(STOP_GRACE_S)
    return [process.name for process in found]


def _names(settings: Settings) -> tuple[str, ...]:
    return (RECEIVE, TRANSLATE) if settings.sources else ()


def _home(settings: Settings, name: str) -> Path:
    return settings.data_dir / name
