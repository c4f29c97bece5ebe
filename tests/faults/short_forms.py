"""Spread the scenarios in their short form over modules of tests: each module runs in one process of its own.

A group is the scenarios of some modules of the suite, and one module of tests named after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

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
    suite,
    warehouse,
    watchdogs,
    webhooks,
)
from tests.faults.scenario import Scenario

GROUPS: Final[Mapping[str, Sequence[Scenario]]] = {
    "workers": (*kills.SCENARIOS, *boundaries.SCENARIOS),
    "records": (*refusals.SCENARIOS, *poison.SCENARIOS, *stalls.SCENARIOS, *watchdogs.SCENARIOS),
    "servers": (*outages.SCENARIOS, *warehouse.SCENARIOS, *webhooks.SCENARIOS),
    "states": (*disks.SCENARIOS, *replays.SCENARIOS, *clocks.SCENARIOS, *soak.SCENARIOS),
}
# G4's boundaries are also crossed by tests/streams/live/test_engine_faults.py, a broker is also lost in G5, and replays
# are also killed in tests/infra/replaying/test_running.py.
LONG: Final = frozenset({"G4", "G5C", "G10", "G13", "G16", "G17"})
MARKS: Final = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]


def of(group: str) -> list[Any]:
    """Return the group's scenarios as parameters: those that can share their servers with others."""
    shared = [each for each in GROUPS[group] if not each.own_stack]
    return [pytest.param(each, id=each.name, marks=pytest.mark.long if each.name in LONG else ()) for each in shared]


def require_kept(scenario: Scenario, stack: Stack, folder: Path) -> None:
    """Run a scenario and require that its promise was kept, and that there were events and faults at all.

    The control group takes part only in `python -m tests.faults`: it is slow, and these tests judge the product.
    """
    if reason := scenario.missing():
        pytest.skip(reason)
    row = suite.run(scenario, "short", 1, stack, folder, control=False)
    assert (row["lost"], row["duplicated"], row["wrong"], row["failures"]) == (0, 0, 0, []), row
    assert row["acknowledged"] == row["produced"] > 0, row
    assert sum(row["faults"].values()) > 0, row
