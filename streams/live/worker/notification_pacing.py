"""Keeps notifications from slowing the events that they come from: while the engine is behind, they take turns."""

import asyncio
from collections.abc import Callable

WHILE_BEHIND = 25
"""Signals a second that are handled while the engine is behind. At full speed a worker spends as much time on one
signal as on ten events, so a flood of them would lengthen a backlog by half; this many cost it a hundredth."""


class Pace:
    """Waits before each signal while `behind()` says so, and not at all otherwise."""

    def __init__(self, behind: Callable[[], bool], per_second: float = WHILE_BEHIND) -> None:
        self._behind = behind
        self._pause = 1 / per_second

    async def turn(self) -> None:
        if self._behind():
            await asyncio.sleep(self._pause)
