"""The release before the state in segments, out of the repository's own history, to run beside the present one."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.runbooks.shell import ROOT
from tests.runbooks.trees import PACKAGES

FORMER = "a1b5fe2"
"""The last commit whose partitions fold all events of an entity anew, and note no format in their state."""


def former_release(folder: Path) -> Path:
    """Return a folder with that release's packages; skips the test where the history does not hold the commit."""
    there = ["git", "-C", str(ROOT), "cat-file", "-e", f"{FORMER}^{{commit}}"]
    try:
        known = subprocess.run(there, capture_output=True, check=False).returncode == 0
    except OSError:
        known = False
    if not known:
        pytest.skip(f"needs commit {FORMER} of the history, which a shallow clone or a package does not have")
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", FORMER, *PACKAGES], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def command(tree: Path, file: Path) -> Path:
    """Write a `cx` of these sources and return its path."""
    file.write_text(f'#!/bin/sh\nPYTHONPATH="{tree}" exec "{sys.executable}" -m infra.cli "$@"\n')
    file.chmod(0o755)
    return file
