"""The fault suite as a program.

    python -m tests.faults --seed 1 --volume short|medium|release [--only G1 ...] [--document docs/reliability.md]

Rows go to build/faults.json after each scenario; one that is there for the same seed, volume and code is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.settings import Settings
from infra.stack import Stack, choose
from tests.faults import report, suite
from tests.faults.scenario import SIZES

RESULTS = suite.ROOT / "build" / "faults.json"
_KEY = ("scenario", "revision", "size", "seed", "version")


def noted() -> list[dict[str, Any]]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def note(row: dict[str, Any]) -> None:
    """Write a row down in the place of an older one of its scenario, size and seed."""
    same = _KEY[:4]
    rows = [each for each in noted() if any(each[name] != row[name] for name in same)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([*rows, row], indent=1) + "\n")


@contextmanager
def servers(directory: Path) -> Iterator[Stack]:
    with choose("embedded", Settings(), directory, others=["cx_*"]) as stack:
        yield stack


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seed", type=int, default=1, help="the same seed draws the same events and faults")
    options.add_argument("--volume", choices=SIZES, default="short")
    options.add_argument("--only", nargs="+", choices=[each.name for each in suite.SCENARIOS], default=None)
    options.add_argument("--no-control", action="store_true", help="leave stock Faust out")
    options.add_argument("--again", action="store_true", help="run what has been run already")
    options.add_argument("--document", type=Path, help="put the figures of this volume into a document")
    return options.parse_args()


def main() -> int:
    told = _options()
    done = [tuple(row[name] for name in _KEY) for row in noted()]
    code = suite.version()
    for scenario in suite.SCENARIOS:
        if told.only and scenario.name not in told.only:
            continue
        if reason := scenario.missing():
            sys.stderr.write(f"{scenario.name}: left out, {reason}\n")
            continue
        key = (scenario.name, scenario.revision, told.volume, told.seed, code)
        if key in done and not told.again:
            sys.stderr.write(f"{scenario.name}: done before\n")
            continue
        with tempfile.TemporaryDirectory(prefix="cx-faults-") as scratch, servers(Path(scratch, "servers")) as stack:
            row = suite.run(scenario, told.volume, told.seed, stack, Path(scratch), control=not told.no_control)
        note(row)
        sys.stderr.write(report.line(row) + "\n")
    rows = [row for row in noted() if row["size"] == told.volume and row["seed"] == told.seed]
    sys.stdout.write(report.table(rows) + "\n")
    if told.document:
        report.document(told.document, rows, told.volume, told.seed)
    return 0 if all(report.clean(row) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
