"""The worker processes of a replay: started together, each given one partition after another, all ended together."""

from __future__ import annotations

import queue
import subprocess
import threading
from typing import TYPE_CHECKING

import msgspec

from infra.deployment import environment, surroundings
from infra.replaying import code
from streams.replay import wire
from streams.replay.errors import ReplayStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from infra.settings import Settings

MODULE = "infra.replaying.worker"
_TURN_S = 0.5
_FAREWELL_S = 60.0


class Progress(msgspec.Struct):
    """Records read, those to read, and rows acknowledged, over all processes.

    `kept` of the records were read by an earlier run that was cut short.
    """

    records: int = 0
    total: int = 0
    rows: int = 0
    kept: int = 0

    @property
    def fresh(self) -> int:
        return self.records - self.kept


class Fleet:
    """`count` processes that share tasks, largest first.

    `program` is their command line. A process that fails or dies stops the others; what each has kept stays.
    """

    def __init__(self, settings: Settings, job: wire.Job, program: Sequence[str], python: str, logs: Path) -> None:
        self._environment = {**surroundings(code.surroundings(python)), **environment(settings)}
        self._job, self._program, self._logs = job, program, logs
        self._inbox: queue.SimpleQueue[tuple[_Member, wire.Told | None]] = queue.SimpleQueue()

    def run(self, tasks: Iterable[wire.Task], count: int, turn: Callable[[Progress], None]) -> Progress:
        """Carry out all tasks; `turn` is called some times a second. Raises ReplayStoppedError."""
        left = sorted(tasks, key=lambda task: task.end - task.start, reverse=True)
        progress = Progress(total=sum(max(0, task.end - task.start) for task in left))
        count = max(1, min(count, len(left)))
        job = msgspec.structs.replace(self._job, per_second=self._job.per_second / count)
        members = [_Member(self, number + 1, job) for number in range(count)]
        try:
            for member in members:
                member.give(left)
            while any(member.task is not None for member in members):
                self._hear(progress, left)
                turn(progress)
        finally:
            _dismiss(members)
        return progress

    def _hear(self, progress: Progress, left: list[wire.Task]) -> None:
        """Take in everything that the processes have told, waiting a moment for the first word."""
        wait = True
        while True:
            try:
                member, message = self._inbox.get(timeout=_TURN_S) if wait else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = False
            member.take(message, progress, left)


class _Member:
    """One process, and the task that it is at."""

    def __init__(self, fleet: Fleet, number: int, job: wire.Job) -> None:
        self.task: wire.Task | None = None
        self._log = fleet._logs / f"process-{number}.log"  # noqa: SLF001 - the two are one
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                fleet._program,  # noqa: SLF001
                env=fleet._environment,  # noqa: SLF001
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        threading.Thread(target=self._listen, args=(fleet._inbox,), daemon=True).start()  # noqa: SLF001
        self._say(job)

    def _listen(self, inbox: queue.SimpleQueue[tuple[_Member, wire.Told | None]]) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                inbox.put((self, wire.told(line)))
        inbox.put((self, None))

    def _say(self, message: wire.Job | wire.Task) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(wire.line(message))
            self.process.stdin.flush()
        except BrokenPipeError:  # it has died: its end is heard soon
            return

    def give(self, left: list[wire.Task]) -> None:
        """Give the process its next task; without one it has nothing more to do."""
        self.task = left.pop(0) if left else None
        if self.task is not None:
            self._say(self.task)

    def take(self, message: wire.Told | None, progress: Progress, left: list[wire.Task]) -> None:
        match message:
            case wire.Opened() if self.task is not None:
                kept = max(0, min(message.position, self.task.end) - self.task.start)
                progress.records += kept
                progress.kept += kept
            case wire.Moved():
                progress.records += message.records
                progress.rows += message.rows
            case wire.Done():
                self.give(left)
            case wire.Failed():
                raise ReplayStoppedError(f"{self._doing()}: {message.reason}")
            case None if self.task is not None:
                raise ReplayStoppedError(self._death())

    def _doing(self) -> str:
        return f"{self.task.topic}-{self.task.partition}" if self.task is not None else "a process of the replay"

    def _death(self) -> str:
        status = self.process.wait()
        lines = self._log.read_text("utf-8", errors="replace").strip().splitlines()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"the process that read {self._doing()} {how}: {lines[-1] if lines else 'it logged nothing'}"

    def dismiss(self) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            return


def _dismiss(members: Iterable[_Member]) -> None:
    """Let all processes end; each keeps what it has in hand first. One that does not end is killed, which is safe."""
    members = list(members)
    for member in members:
        member.dismiss()
    for member in members:
        try:
            member.process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            member.process.kill()
            member.process.wait()
