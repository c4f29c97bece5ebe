"""Latency is told in quantiles of what every row took: none may be left out, and the quantiles must be true."""

from __future__ import annotations

import threading
import time

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


class Told:
    """Traffic that sends five events at once and ends after a moment."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self._over = threading.Event()

    def start(self) -> None:
        self.sent.update({f"r{number}": time.time() + number / 1e6 for number in range(5)})
        threading.Timer(0.1, self._over.set).start()

    @property
    def running(self) -> bool:
        return not self._over.is_set()


def test_every_row_is_waited_for_and_timed_from_its_own_produce() -> None:
    """A reader that stopped with the traffic would leave the slowest rows out, which are the ones that matter."""
    began = time.time()

    def newest(_since: int) -> list[str]:
        shown = ["r0", "r1", "r2", "r3"] if time.time() < began + 0.3 else ["r0", "r4"]
        return ["somebody else's", *shown]

    found = watch(Told(), newest)  # type: ignore[arg-type]
    assert found.events == 5
    assert found.p50_ms < 200
    assert found.worst_ms == pytest.approx(300, abs=150)


def test_rows_that_never_come_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost rows must not end as a good figure over the others."""
    monkeypatch.setattr(latency, "PATIENCE_S", 0.2)
    with pytest.raises(UnseenError, match="1 rows not seen"):
        watch(Told(), lambda _since: ["r0", "r1", "r2", "r3"])  # type: ignore[arg-type]
