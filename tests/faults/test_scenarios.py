"""Every scenario in its short form, on the servers of the test session: no recount may find anything wrong.

The control group takes part only in `python -m tests.faults`: it is slow, and these tests judge the product.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.stack import Stack
from tests.faults import suite
from tests.faults.scenario import Scenario

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]
SHARED = [each for each in suite.SCENARIOS if not each.own_stack]


# G4's boundaries are also crossed by tests/streams/live/test_engine_faults.py, a broker is also lost in G5, and replays
# are also killed in tests/infra/replaying/test_running.py.
LONG = {"G4", "G5C", "G10", "G13", "G16"}
SHORT_FORMS = [pytest.param(each, id=each.name, marks=pytest.mark.long if each.name in LONG else ()) for each in SHARED]


@pytest.mark.parametrize("scenario", SHORT_FORMS)
def test_the_promise_holds_under_its_fault(scenario: Scenario, stack: Stack, tmp_path: Path) -> None:
    if reason := scenario.missing():
        pytest.skip(reason)
    row = suite.run(scenario, "short", 1, stack, tmp_path, control=False)
    assert (row["lost"], row["duplicated"], row["wrong"], row["failures"]) == (0, 0, 0, [])
    assert row["acknowledged"] == row["produced"] > 0
    assert sum(row["faults"].values()) > 0
