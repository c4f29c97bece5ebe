"""The comparison's benchmark finds what it planted, or its seconds would be those of something else."""

import pytest

from bench import diff

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


def test_a_small_run_finds_what_was_planted() -> None:
    """Missing, extra and changed rows in each table, as many as there were."""
    seconds, cpu, found, counts = diff.run(20 * diff.PLANTED)
    assert min(seconds, cpu) > 0
    assert {each.table: each.rows for each in found} == counts
    assert {each.table: (each.missing, each.extra, each.changed) for each in found} == {
        table: diff.expected(count) for table, count in counts.items()
    }
    assert all(each.columns == {"is_test": each.changed} for each in found)
