"""Paces one installation, so that a source that floods takes nothing from the others."""

from collections.abc import Callable

_BURST_SECONDS = 1.0


class Pace:
    """Lets `per_second` deliveries through, and those of a second at once.

    `clock` is in seconds, and never goes back.
    """

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._interval, self._clock = 1 / per_second, clock
        self._due = clock()

    def wait(self) -> float:
        """Take a delivery's turn and return 0, or the seconds until there is one."""
        now = self._clock()
        due = max(self._due, now)
        if due - now > _BURST_SECONDS:
            return due - now - _BURST_SECONDS
        self._due = due + self._interval
        return 0.0
