"""Scenarios in their short form in which servers fail: no recount may find anything wrong."""

from pathlib import Path

import pytest

from infra.stack import Stack
from tests.faults import short_forms
from tests.faults.scenario import Scenario

pytestmark = short_forms.MARKS


@pytest.mark.parametrize("scenario", short_forms.of("servers"))
def test_the_promise_holds_under_its_fault(scenario: Scenario, stack: Stack, tmp_path: Path) -> None:
    short_forms.require_kept(scenario, stack, tmp_path)
