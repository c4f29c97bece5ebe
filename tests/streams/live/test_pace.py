"""Notifications share a process with the events that money runs on: they may be late, but neither may starve."""

import asyncio

import pytest

from streams.live.worker.notification_pacing import Pace


def test_signals_go_on_slowly_while_the_engine_is_behind_and_freely_once_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A backlog of hours must still let a manager hear of a detractor, and must not be made longer by telling."""
    behind = [True] * 5 + [False] * 1000 + [True]
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses[-1] += seconds

    async def take(turns: int) -> None:
        pace = Pace(lambda: behind.pop(0), per_second=100)
        for _ in range(turns):
            pauses.append(0.0)
            await pace.turn()

    monkeypatch.setattr(asyncio, "sleep", note)
    asyncio.run(take(len(behind)))
    assert pauses == [0.01] * 5 + [0.0] * 1000 + [0.01]
