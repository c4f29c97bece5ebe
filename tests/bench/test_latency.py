"""Latency is told in quantiles of what every row took: none may be left out, and the quantiles must be true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import latency
from bench.latency import UnseenError, quantile, watch


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9
    assert sum(value < found for value in ordered) < share * len(ordered)


class Clock:
    """Time that passes only while somebody sleeps (s)."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(latency, "time", made)
    return made


class Told:
    """Traffic that has sent five events, r0 8 ms ago to r4 just now, and ends after a tenth of a second."""

    def __init__(self, clock: Clock) -> None:
        self.sent: dict[str, float] = {}
        self._clock = clock
        self.over = clock.now + 0.1

    def start(self) -> None:
        self.sent.update({f"r{number}": self._clock.now - 0.008 + number * 0.002 for number in range(5)})

    @property
    def running(self) -> bool:
        return self._clock.now < self.over


_READ_S = 0.005


def test_every_row_is_waited_for_and_timed_from_its_own_produce(clock: Clock) -> None:
    """A reader that stopped with the traffic would leave the slowest rows out, which are the ones that matter."""
    late = clock.now + 0.3

    def newest(_since: int) -> list[str]:
        clock.sleep(_READ_S)
        return ["somebody else's", *(["r0", "r1", "r2", "r3"] if clock.now < late else ["r0", "r4"])]

    found = watch(Told(clock), newest)  # type: ignore[arg-type]
    assert found.events == 5
    # Rounds of 25 ms, 5 ms into which rows are seen: the first four in the first, r4 in the first past 300 ms.
    assert found.p50_ms == pytest.approx(11, abs=0.01)
    assert found.worst_ms == found.p99_ms == pytest.approx(305, abs=0.01)
    assert found.polled_ms == pytest.approx(25, abs=0.01)
    assert found.rate == pytest.approx(500, rel=0.001)


def test_rows_that_never_come_are_an_error(clock: Clock) -> None:
    """Lost rows must not end as a good figure over the others."""
    traffic = Told(clock)
    with pytest.raises(UnseenError, match="1 rows not seen"):
        watch(traffic, lambda _since: ["r0", "r1", "r2", "r3"])  # type: ignore[arg-type]
    assert clock.now - traffic.over == pytest.approx(latency.PATIENCE_S, abs=3 * latency.POLL_S)
