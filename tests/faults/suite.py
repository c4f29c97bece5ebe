"""Every scenario there is, and how one is run and noted."""

from __future__ import annotations

import hashlib
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.stack import Stack
from tests.faults import (
    boundaries,
    clocks,
    disks,
    kills,
    outages,
    poison,
    refusals,
    replays,
    soak,
    stalls,
    warehouse,
    watchdogs,
    webhooks,
)
from tests.faults.scenario import Outcome, Scenario, Size
from tests.faults.trial import Trial

SCENARIOS: tuple[Scenario, ...] = (
    *kills.SCENARIOS,
    *boundaries.SCENARIOS,
    *refusals.SCENARIOS,
    *poison.SCENARIOS,
    *stalls.SCENARIOS,
    *watchdogs.SCENARIOS,
    *outages.SCENARIOS,
    *warehouse.SCENARIOS,
    *disks.SCENARIOS,
    *replays.SCENARIOS,
    *clocks.SCENARIOS,
    *soak.SCENARIOS,
    *webhooks.SCENARIOS,
)
ROOT = Path(__file__).parents[2]
_CODE = ("schemas", "streams", "sinks", "infra", "tests/faults")
_KINDS = {".py", ".c", ".sql", ".avsc", ".yaml", ".xml"}


def version() -> str:
    """Return a digest of the code under test and of the suite: other code is another experiment."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _KINDS and path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def run(scenario: Scenario, size: Size, seed: int, stack: Stack, directory: Path, *, control: bool) -> dict[str, Any]:
    """Run all rounds of a scenario and return its row; a round that raises is noted and the next one goes on.

    At release volume a control group that has come out clean is given up to as many rounds again.
    """
    volume, total = scenario.volumes[size], Outcome()
    controls: dict[str, Outcome] = {}
    began, rounds = time.monotonic(), 0
    for number in range(2 * volume.rounds):
        if number >= volume.rounds and not (size == "release" and any(each.clean for each in controls.values())):
            break
        folder = directory / f"{scenario.name}-{seed + number}"
        trial = Trial(scenario, volume, seed + number, stack, folder, with_control=control and scenario.controlled)
        try:
            scenario.act(trial)
        except Exception:  # noqa: BLE001 - whatever it is, it is the scenario's result
            trial.outcome.failures.append(traceback.format_exc(limit=-3))
        rounds = number + 1
        total.add(trial.outcome)
        for name, outcome in trial.control.items():
            controls.setdefault(name, Outcome()).add(outcome)
    return {
        "scenario": scenario.name,
        "revision": scenario.revision,
        "size": size,
        "seed": seed,
        "version": version(),
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "rounds": rounds,
        "took": round(time.monotonic() - began),
        **total.row(),
        "control": {name: outcome.row() for name, outcome in controls.items()},
    }
