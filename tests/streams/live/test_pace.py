"""Notifications share a process with the events that money runs on: they may be late, but neither may starve."""

import asyncio
import time

from streams.live.pace import Pace


def elapsed(pace: Pace, turns: int) -> float:
    async def take() -> None:
        for _ in range(turns):
            await pace.turn()

    begun = time.monotonic()
    asyncio.run(take())
    return time.monotonic() - begun


def test_signals_go_on_slowly_while_the_engine_is_behind_and_freely_once_it_is_not() -> None:
    """A backlog of hours must still let a manager hear of a detractor, and must not be made longer by telling."""
    behind = [True] * 5 + [False] * 1000
    pace = Pace(lambda: behind.pop(0), per_second=100)
    assert elapsed(pace, 5) >= 0.05
    assert elapsed(pace, 1000) < elapsed(Pace(lambda: True, per_second=100), 50)
