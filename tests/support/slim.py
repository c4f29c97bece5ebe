"""The slim client as somebody else has it: built from its folder, installed by its path, with what it needs alone."""

import subprocess
import sys
import venv
from importlib.metadata import PackagePath, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "schemas" / "client"
NEEDS = ("fastavro", "kafka-python", "msgspec", "pyyaml", "tzdata")


def install(folder: Path) -> Path:
    """Install the client into a folder, from its own; nothing is fetched."""
    options = [
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--no-compile",
        "--quiet",
        "--disable-pip-version-check",
    ]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(CLIENT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def environment(folder: Path) -> Path:
    """Make a Python that has the client and the packages that it names, as links to those of this one; return it."""
    venv.create(folder, symlinks=True, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    install(site)
    for name in NEEDS:
        found = distribution(name)
        for part in sorted({_top(path) for path in found.files or ()}):
            if not (site / part).exists():
                (site / part).symlink_to(Path(str(found.locate_file(part))))
    return folder / "bin" / "python"


def _top(path: PackagePath) -> str:
    return path.parts[0]
