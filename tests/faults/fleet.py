"""Worker processes that faults are done to: the product's and the control group's alike."""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.deployment import surroundings
from infra.embedded.process import ServerProcess, launch, own

STOP_GRACE = 45.0
LOG = "worker.log"
ASSIGNED = " assigned ["


@dataclass
class Worker:
    """One place of a fleet, with the process that fills it now; `name` is empty for a dynamic member."""

    number: int
    name: str
    process: ServerProcess
    log: Path

    def signal(self, number: signal.Signals) -> None:
        """Signal the process if it still runs: it may have ended by itself."""
        process = self.process.identity.process()
        if process is not None:
            process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, None if it still runs after so many seconds."""
        child = self.process._child  # only its parent learns a process's exit status
        assert child is not None
        deadline = time.monotonic() + seconds
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return child.returncode

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone; its place stays empty until `Fleet.restart`."""
        self.signal(signal.SIGKILL)
        self.wait(STOP_GRACE)

    def clear(self) -> None:
        """Tidy up behind a process that has ended; ends one that has not."""
        try:
            self.process.stop(STOP_GRACE)
        except psutil.NoSuchProcess:
            return

    def said(self, words: str) -> bool:
        return words in self.log.read_text("utf-8", "replace")

    def works(self, seconds: float) -> bool:
        """Wait until the product's worker has been assigned partitions; return whether it was in time."""
        deadline = time.monotonic() + seconds
        while not self.said(ASSIGNED) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.said(ASSIGNED)


class Fleet(ABC):
    """Workers by number.

    `environment` is added to that of every worker started from now on, `differing` to that of the one of its number.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment: dict[str, str] = {}
        self.differing: dict[int, dict[str, str]] = {}
        self.workers: dict[int, Worker] = {}
        self._lives = 0

    @abstractmethod
    def program(self, home: Path, name: str) -> tuple[list[str], dict[str, str]]:
        """Return command and environment of a worker that keeps its files in `home`."""

    def start(self, number: int = 1, *, named: bool = True, environment: Mapping[str, str] | None = None) -> Worker:
        """Start a worker, in the place of one that has ended.

        With a name, its successor of the same name takes its partitions back at once.
        """
        if number in self.workers:
            self.retire(number)
        self._lives += 1
        home = self.directory / f"life-{self._lives}"
        home.mkdir(parents=True)
        name = f"worker-{number}" if named else ""
        command, told = self.program(home, name)
        with own(f"worker {number}", home) as lock:
            process = launch(
                lock,
                f"worker {number}",
                command,
                home,
                environment=surroundings(os.environ)
                | told
                | self.environment
                | self.differing.get(number, {})
                | dict(environment or {}),
                output=home / LOG,
                detach=False,
            )
        self.workers[number] = Worker(number, name, process, home / LOG)
        return self.workers[number]

    def restart(self, number: int) -> Worker:
        """Start the successor of a worker, with the same name or none again; the worker is ended if it is not."""
        return self.start(number, named=bool(self.workers[number].name))

    def retire(self, number: int) -> None:
        """End a worker, gracefully if it still runs, and leave its place empty."""
        self.workers.pop(number).clear()

    def revive(self) -> int:
        """Start again every worker that has ended by itself, as whoever watches over a deployment does."""
        ended = [number for number, worker in self.workers.items() if not worker.process.alive()]
        for number in ended:
            self.restart(number)
        return len(ended)

    def stop(self) -> None:
        while self.workers:
            self.workers.popitem()[1].clear()

    def logs(self, lines: int = 15) -> str:
        """Return the last lines of every worker's log, for the message of a failure."""
        return "\n".join(
            "\n".join([f"--- {worker.log}", *worker.log.read_text("utf-8", "replace").splitlines()[-lines:]])
            for worker in self.workers.values()
        )
