from hypothesis import given
from hypothesis import strategies as st

from streams.replay.pace import Pace


@given(st.integers(1, 5_000), st.lists(st.integers(1, 10_000), min_size=1, max_size=20), st.floats(0, 0.01))
def test_no_more_than_the_rate_however_fast_the_work_is(rate: int, batches: list[int], work: float) -> None:
    """A rate limit is promised to those who share the database; at no moment may it have been passed."""
    now = 0.0
    pace, done = Pace(rate, lambda: now), 0
    for records in batches:
        now += work
        now += pace.spent(records)
        done += records
        assert done <= rate * now * (1 + 1e-9)
    assert now <= max(done / rate, work * len(batches)) + work * len(batches) + 1e-6, "it waited for nothing"


@given(st.integers(1, 10_000))
def test_batches_shrink_with_the_rate(rate: int) -> None:
    """One batch at once must not be minutes' worth: nobody could stop the replay meanwhile."""
    assert 1 <= Pace(rate, lambda: 0.0).batch(10_000) <= max(1, rate / 2)


def test_without_a_limit_nothing_waits() -> None:
    """0 is the default."""
    pace = Pace(0, lambda: 0.0)
    assert (pace.batch(10_000), pace.spent(1_000_000)) == (10_000, 0.0)
