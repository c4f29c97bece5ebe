"""Keeps a replay from taking more than its share of brokers and database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_S = 0.5


class Pace:
    """At most `per_second` records, counted from the first on; 0 sets no limit. `clock` is in seconds."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second, self._clock = per_second, clock
        self._began = clock()
        self._done = 0

    def batch(self, usual: int) -> int:
        """Return how many records to take at once, so that no pause is long."""
        return max(1, min(usual, int(self._per_second * _LONGEST_S))) if self._per_second else usual

    def spent(self, records: int) -> float:
        """Count records; return how many seconds to wait before the next ones."""
        self._done += records
        if not self._per_second:
            return 0.0
        return max(0.0, self._done / self._per_second - (self._clock() - self._began))
