"""One server process that owns one data directory.

The directory's lock file is locked by a descriptor that the server process inherits: the kernel frees it when
that process ends, however it ends. No crash leaves a directory locked, two servers never share one.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

import psutil

from infra.embedded.errors import EmbeddedServerError
from infra.embedded.signals import put_off

_LOCK: Final = "server.lock"
PRIVATE: Final = 0o077
"""The umask of what is launched: its files hold what customers said, or the state of it."""
_PID: Final = "server.pid"
# psutil derives a start time from the boot time, which follows corrections of the clock.
_CLOCK_SLACK_S: Final = 2.0
# A killed process ends when the kernel comes to it, which has nothing to do with the grace it was given before.
_KILLED_S: Final = 30.0
_LOOK_S: Final = 0.05


@dataclass(frozen=True)
class Identity:
    """A process id together with its start time (Unix seconds): ids are used again, the pair is not."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Return the live process, or None when it has ended or the id now belongs to another one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_SLACK_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Guard:
    """The small process that ends a server once the process that started it is gone.

    It waits for the end of a pipe whose other end only the starter holds: the kernel closes it in any case.
    """

    def __init__(self, directory: Path, server: Identity) -> None:
        reading, self._writing = os.pipe()
        arguments = [str(directory), str(server.pid), repr(server.created)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, our own numbers
                [sys.executable, "-m", "infra.embedded.guard", *arguments],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(reading)

    def dismiss(self) -> None:
        """Let the guard go, its server having ended."""
        if self._process.returncode is None:
            os.close(self._writing)
            self._process.wait()


class ServerProcess:
    """A started server: it is signalled only after its identity was checked."""

    def __init__(
        self,
        name: str,
        directory: Path,
        identity: Identity,
        *,
        child: subprocess.Popen[bytes] | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.name = name
        self.directory = directory
        self.identity = identity
        self._child = child
        self._guard = guard

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs, and where another process started it."""
        return self._child.poll() if self._child is not None else None

    def _process(self) -> psutil.Process | None:
        """Return the process while it runs.

        A child that is not collected keeps its id to itself, so no time is compared: the system gives start times by a
        clock that may be set while it runs.
        """
        if self._child is None:
            return self.identity.process()
        with suppress(psutil.NoSuchProcess):
            if self._child.poll() is None:
                process = psutil.Process(self.pid)
                # Its threads may take a moment longer to end than itself.
                return None if process.status() == psutil.STATUS_ZOMBIE else process
        return None

    def alive(self) -> bool:
        return self._process() is not None

    def frozen(self) -> bool:
        """Tell whether the process was stopped by a signal, and waits for one to go on."""
        try:
            process = self._process()
            return process is not None and bool(process.status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess:
            return False

    def stop(self, grace_s: float) -> None:
        """Ask the process to end, kill it after the grace time; twice is the same as once."""
        process = self._process()
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
                # A stopped process would only see the request once somebody continues it.
                process.send_signal(signal.SIGCONT)
            if not self._ended(grace_s):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                if not self._ended(_KILLED_S):
                    raise EmbeddedServerError(f"{self.name} (process {self.pid}) does not end, not even when killed")
        else:
            self._ended(_KILLED_S)
        (self.directory / _PID).unlink(missing_ok=True)
        if self._guard is not None:
            self._guard.dismiss()

    def _ended(self, seconds: float) -> bool:
        """Wait so long for the end; one that its parent, another process, has not collected yet has ended too."""
        if self._child is not None:
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
            return True
        deadline = time.monotonic() + seconds
        while self.identity.process() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_S)
        return True


def launch(
    lock: IO[bytes],
    name: str,
    command: Sequence[str],
    directory: Path,
    *,
    environment: Mapping[str, str],
    output: Path,
    detach: bool,
) -> ServerProcess:
    """Start the command in a session of its own and hand it the directory's lock.

    Unless detached, the server ends when the starting process does, even if that one is killed. Whatever cuts the
    start short (a signal, a full disk) leaves no process behind.
    """
    child = guard = None
    try:
        with output.open("wb") as log, put_off():
            child = subprocess.Popen(  # noqa: S603 - the command is composed by the launchers, never by input
                command,
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
                umask=PRIVATE,
            )
            identity = Identity.of(child.pid)
            guard = None if detach else Guard(directory, identity)
            # Behind the guard: whoever finds the server by its file may kill its starter, and it ends.
            (directory / _PID).write_text(json.dumps({"pid": identity.pid, "created": identity.created}))
        return ServerProcess(name, directory, identity, child=child, guard=guard)
    except BaseException:
        if child is not None:
            child.kill()
            child.wait()
            (directory / _PID).unlink(missing_ok=True)
        if guard is not None:
            guard.dismiss()
        raise


def find(name: str, directory: Path) -> ServerProcess | None:
    """Return the server that an earlier process started on this directory and that is still alive."""
    identity = _recorded(directory)
    if identity is None or identity.process() is None:
        return None
    return ServerProcess(name, directory, identity)


def _recorded(directory: Path) -> Identity | None:
    try:
        record = json.loads((directory / _PID).read_text())
        return Identity(int(record["pid"]), float(record["created"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def own(name: str, directory: Path) -> IO[bytes]:
    """Lock the directory; closing the returned file frees it unless a launched server holds it too.

    Raises EmbeddedServerError when another server owns the directory.
    """
    lock = (directory / _LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        owner = _recorded(directory)
        by = f" by process {owner.pid}" if owner is not None and owner.process() else ""
        raise EmbeddedServerError(
            f"the data directory {directory} is in use{by}: stop the {name} server that runs on it"
            " or choose another data directory"
        ) from error
    return lock
