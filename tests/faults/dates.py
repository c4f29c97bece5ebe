"""Wrong dates for single processes: libfaketime, with one call added that it lacks, and a file that says how wrong.

Only the date is faked. What a process measures by the monotonic clock is as long as ever, as on a machine whose date
is set.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("cnd_timedwait.c")
BUILT = Path(__file__).parents[2] / "build" / "cnd_timedwait.so"
_BUILD_SECONDS = 60
_REREAD_SECONDS = "1"


class NoFakeError(Exception):
    """Dates cannot be faked here, and why not."""


@functools.cache
def preloaded() -> str:
    """Return what a process has to load first; raises NoFakeError."""
    # The MT library is the one for programs with threads.
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    if library is None:
        raise NoFakeError("libfaketime is not installed (libfaketime in Debian)")
    return f"{_shim()} {library}"


def missing() -> str:
    """Return why dates cannot be faked, empty where they can."""
    try:
        preloaded()
    except NoFakeError as reason:
        return str(reason)
    return ""


def _shim() -> Path:
    if BUILT.exists() and BUILT.stat().st_mtime > SOURCE.stat().st_mtime:
        return BUILT
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoFakeError("there is no C compiler for what libfaketime lacks (gcc and libc6-dev in Debian)")
    BUILT.parent.mkdir(exist_ok=True)
    made = BUILT.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(made), str(SOURCE)],
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NoFakeError(f"{SOURCE.name} cannot be compiled: {done.stderr.strip().splitlines()[-1]}")
    made.replace(BUILT)
    return BUILT


class Date:
    """The date of the processes that run in `environment`: the machine's own, moved by what `move` said last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.move("+0")

    def move(self, by: str) -> None:
        """Move the date by a sign, a number and s, m, h or d; running processes see it within a second."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{by}\n")
        written.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": preloaded(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": _REREAD_SECONDS,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }
