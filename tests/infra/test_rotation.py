"""A worker that logs a traceback a second for months must not fill the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

_WRITER = """
import sys, time
from infra import rotation
rotation.watch(most=10_000, seconds=0.05)
for number in range(400):
    print(f"line {number:05d} " + "x" * 100, flush=True)
    if number % 100 == 99:
        time.sleep(0.5)
print("the last", file=sys.stderr, flush=True)
"""


@pytest.mark.intrusion("S18")
def test_a_log_stays_short_and_goes_on(tmp_path: Path) -> None:
    """What is written after a cut stands at the beginning, and the newest lines are there."""
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        subprocess.run([sys.executable, "-c", _WRITER], stdout=file, stderr=file, check=True)
    text = log.read_bytes()
    assert b"\0" not in text
    assert len(text) <= 25_000
    assert text.endswith(b"the last\n")
    aside = tmp_path / "worker.log.1"
    assert aside.stat().st_mode & 0o077 == 0
    assert aside.read_bytes().startswith(b"line ")


@pytest.mark.intrusion("S18")
def test_a_link_in_the_place_of_what_is_put_aside_is_not_followed(tmp_path: Path) -> None:
    """The log is cut, and what the link leads to stays."""
    precious, log = tmp_path / "precious", tmp_path / "worker.log"
    precious.write_text("precious")
    (tmp_path / "worker.log.1").symlink_to(precious)
    with log.open("wb") as file:
        subprocess.run([sys.executable, "-c", _WRITER], stdout=file, stderr=file, check=True)
    assert precious.read_text() == "precious"
    assert len(log.read_bytes()) <= 25_000


def test_a_pipe_is_left_alone() -> None:
    """Containers collect what a worker writes by themselves."""
    done = subprocess.run([sys.executable, "-c", _WRITER], capture_output=True, check=True)
    assert done.stdout.count(b"\n") == 400
