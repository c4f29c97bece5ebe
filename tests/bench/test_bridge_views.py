"""The benchmark of large ledgers holds what is stored against the view, or its seconds would be of something else."""

import pytest

from bench import bridge_views, ledger_feed

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


def test_a_small_run_finds_the_stored_answer_to_be_the_views() -> None:
    """Every question has been asked, and the ledger has what it was to have."""
    found = bridge_views.run(ledger_feed.FEWEST, merged=True)
    assert found.same
    assert min(each.seconds for each in found.timed) > 0
    assert found.parts["mrr_movement"][0] == ledger_feed.FEWEST
    assert found.parts["invoice"][0] == ledger_feed.FEWEST // 10
