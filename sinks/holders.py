"""Which process does something, and whether it still lives: written beside what it holds."""

import getpass
import os
import socket
from functools import cache
from pathlib import Path

import msgspec
import psutil

STALE_S = 60.0
"""A holder on another host that has not been heard of for so long counts as dead."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Holder(msgspec.Struct, frozen=True):
    """One process: the machine, its boot, the process id and the time (s) that the process was started at."""

    host: str
    boot: str
    pid: int
    started: float

    def alive(self, silent_s: float) -> bool:
        """Tell whether the process lives; ``silent_s`` is how long it has said nothing.

        On this machine the operating system knows. Of another machine's process only its silence is known.
        """
        here = myself()
        if self.host != here.host:
            return silent_s < STALE_S
        if self.boot != here.boot:
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1 and not _ended(self.pid)
        except psutil.NoSuchProcess:
            return False


def _ended(pid: int) -> bool:
    """Tell whether the process has ended and only waits to be collected by its parent."""
    return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def myself() -> Holder:
    """Return the holder that this process is."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> Holder:
    boot = _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""
    return Holder(socket.gethostname(), boot, pid, psutil.Process(pid).create_time())


def actor() -> str:
    """Return who acts: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # the process has a number that no user has
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
