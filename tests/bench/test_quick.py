"""The benchmark itself must keep running as the product changes under it: a smoke run over few events."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.servers
@pytest.mark.timeout(400)
def test_a_smoke_run_measures_the_engine_and_the_product(tmp_path: Path) -> None:
    """Whoever renames a setting, a topic or a command line learns here that the benchmark used it.

    The product is the one without health, which other tests of whole workers have.
    """
    command = [
        sys.executable,
        "-m",
        "bench",
        "--events",
        "6000",
        "--only",
        "engine",
        "product_lean",
        "--build",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "bench.json").read_text())
    assert [(each["name"], each["workers"]) for each in results] == [
        ("engine", 1),
        ("product_lean", 1),
        ("product_lean", 2),
    ]
    assert all(each["ended"] and each["events_per_s"] > 0 and each["cpu_us_per_event"] > 0 for each in results)
    assert all(each["peak_mb"] > 10 for each in results)
    assert "engine" in done.stdout
    assert not list((tmp_path / "bench").glob("stack-*")), "the servers' data was left behind"
