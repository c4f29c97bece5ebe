"""A log that does not fill the disk: what a process writes into a file is put aside when it is long, once.

Whoever started the process opened its log; so the process itself watches how long it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import threading
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 64 << 20
_LOOK_S: Final = 10.0
_OURS: Final = Path("/proc/self/fd")


def watch(descriptor: int = 1, most: int = MOST_BYTES, seconds: float = _LOOK_S) -> None:
    """Look after the file that a descriptor writes to, in the background; a pipe or a terminal is left alone."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _OURS.exists():
        return
    # Behind a cut, what is written next would stand where it would have stood, after a hole.
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    threading.Thread(target=_watch, args=(descriptor, most, seconds), name="log", daemon=True).start()


def _watch(descriptor: int, most: int, seconds: float) -> None:
    pause = threading.Event()
    while not pause.wait(seconds):
        cut(descriptor, most)


def cut(descriptor: int, most: int) -> bool:
    """Put the file's content aside as its name and `.1`, in place of what was there, where it is longer than `most`.

    A line that is written at that very moment may be lost. Where nothing can be put aside, the file is cut all the
    same: a full disk stops more than a log.
    """
    if os.fstat(descriptor).st_size <= most:
        return False
    path = (_OURS / str(descriptor)).readlink()
    try:
        aside = os.open(f"{path}.1", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(aside, "wb") as kept, path.open("rb") as log:
            shutil.copyfileobj(log, kept)
    except OSError:
        pass
    os.ftruncate(descriptor, 0)
    return True
