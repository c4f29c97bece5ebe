"""Take the fingerprint of the code that a replay runs: of all that decides about rows. As a program: print it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from infra import deployment
from streams.replay.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_PACKAGES = ("schemas", "streams", "sinks")
_KINDS = (".py", ".avsc", ".yaml", ".sql")
_PATIENCE_S = 30.0


@cache
def fingerprint() -> str:
    """Return the SHA-256 of the sources that this interpreter runs, in hexadecimal."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for name, content in _sources(files(package), package):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{path}/{each.name}"
        if each.is_dir():
            yield from _sources(each, name)
        elif each.name.endswith(_KINDS):
            yield name, each.read_bytes()


def program(python: str, module: str) -> list[str]:
    """Return the command that runs a module under an interpreter; its own packages are meant, wherever it is called."""
    return [python, "-P", "-m", module] if python else [sys.executable, "-m", module]


def surroundings(python: str) -> dict[str, str]:
    """Return this process's environment, without our settings, and what would bring this code to another interpreter.

    Settings hold passwords, and who asks for a fingerprint needs none.
    """
    kept = deployment.surroundings(os.environ)
    return {name: value for name, value in kept.items() if not (python and name == "PYTHONPATH")}


def of(python: str) -> str:
    """Return the fingerprint of an interpreter's code, this one's for "". Raises PlanError where it has none."""
    if not python:
        return fingerprint()
    command = program(python, "infra.replaying.code")
    try:
        asked = subprocess.run(  # noqa: S603 - the operator names the interpreter
            command, env=surroundings(python), capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlanError(f"--python {python} cannot be run: {error}") from error
    if asked.returncode or not asked.stdout.strip():
        last = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PlanError(f"--python {python} has no cxledger that can replay: {last}")
    return asked.stdout.strip()


if __name__ == "__main__":
    sys.stdout.write(fingerprint() + "\n")
