"""Quix Streams lives in a virtual environment of its own: its pins clash with the project's."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK = Path(__file__).with_name("requirements.lock")
_INSTALLED = "installed.lock"


def python(home: Path, say: Callable[[str], None]) -> Path:
    """The interpreter of the environment at `home`, made first where its lock file is not what is installed.

    Raises subprocess.CalledProcessError where a package cannot be had.
    """
    interpreter, installed = home / "bin" / "python", home / _INSTALLED
    if not installed.exists() or installed.read_text() != LOCK.read_text():
        say(f"installing Quix Streams into {home}")
        venv.create(home, clear=True, with_pip=True)
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--require-hashes", "-r", str(LOCK)], check=True, stdout=sys.stderr)
        installed.write_text(LOCK.read_text())
    return interpreter
