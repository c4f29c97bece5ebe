"""Decide whether a worker is stalled, from its statistics and the time; no clock and no thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.live.engine.settings import EngineSettings, HostSettings
    from streams.live.engine.stats import EngineStats

_STARTING = frozenset({"starting", "restoring"})
_AT_ONCE = 10_000_000
"""Microseconds by which a moment may lie behind the look that is judged: the engine goes on meanwhile."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of time without progress, in seconds.

    `stall` is for a loop that does not turn and for records that wait without a commit; `patience` is added while the
    engine may be waiting for others to get out of its way (starting, restoring). An insert longer than `insert` is
    reported; one that is still not answered when the group has given the partitions away (`hung`) ends the worker.
    `shutdown` bounds stopping.
    """

    stall: float = 60.0
    patience: float = 60.0
    insert: float = 30.0
    hung: float = 300.0
    shutdown: float = 20.0

    @classmethod
    def of(cls, engine: EngineSettings, host: HostSettings) -> Limits:
        return cls(
            stall=host.stall_seconds,
            patience=engine.patience_seconds,
            insert=host.insert_seconds,
            hung=max(engine.poll_seconds, host.stall_seconds),
            shutdown=host.shutdown_seconds,
        )


class Waiting(msgspec.Struct, frozen=True):
    """Readable records wait at `position` of a partition, and have done so `since` (microseconds)."""

    position: int
    since: int


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Signs of life besides the engine's own statistics; times in microseconds, 0 for never.

    `since` is when watching began, or began again after a gap in it: nothing before that counts as standing still.
    """

    since: int
    turned_at: int = 0
    stopping_at: int = 0
    waiting: Mapping[str, Waiting] = {}


class Verdict(msgspec.Struct, frozen=True):
    """`stop` says why the worker must be ended, empty if not; `inserting` are the seconds of a stalled insert."""

    stop: str = ""
    inserting: float = 0.0


def still_waiting(
    before: Mapping[str, Waiting], positions: Mapping[str, int], ends: Mapping[str, int], now: int
) -> dict[str, Waiting]:
    """Return the partitions that stand before their readable end, each with the time since which it has not moved."""
    found = {}
    for name, position in positions.items():
        if position < ends.get(name, position):
            former = before.get(name)
            found[name] = former if former is not None and former.position == position else Waiting(position, now)
    return found


def judge(stats: EngineStats, sight: Sight, limits: Limits, now: int) -> Verdict:
    """Decide whether the worker must be ended, or an insert reported. `now` in microseconds."""

    def still(*moments: int) -> float:
        """Return the seconds since the last of the moments, or since watching began."""
        return (now - _last(now, sight.since, *moments)) / 1e6

    if sight.stopping_at:
        took = still(sight.stopping_at)
        return Verdict(f"stopping has taken {took:.0f} s" if took > limits.shutdown else "")
    inserting = still(stats.inserting_since) if stats.inserting_since else 0.0
    stalled = inserting if inserting > limits.insert else 0.0
    if sight.turned_at and still(sight.turned_at) > limits.stall:
        return Verdict(f"the event loop has not turned for {still(sight.turned_at):.0f} s", stalled)
    beat = still(stats.beat_at, stats.insert_ended_at, stats.inserting_since)
    if beat > _allowed(stats, limits):
        return Verdict(f"the engine has not turned for {beat:.0f} s, its state is {stats.state!r}", stalled)
    if stats.inserting_since:
        return Verdict("", stalled)  # the sink is waited for, and that is reported
    if stats.state in _STARTING:
        return Verdict(_restore(stats, still(stats.restore_moved_at, stats.started_at), limits))
    return Verdict(_lag(stats, sight, limits, now))


def _last(now: int, *moments: int) -> int:
    """Return the last of the moments. One yet to come was noted before the date was set back, and says nothing."""
    return max((each for each in moments if each <= now + _AT_ONCE), default=now)


def _allowed(stats: EngineStats, limits: Limits) -> float:
    if stats.inserting_since:
        return limits.hung
    return limits.stall + (limits.patience if stats.state in _STARTING else 0.0)


def _restore(stats: EngineStats, moved: float, limits: Limits) -> str:
    if stats.state == "restoring" and moved > limits.stall + limits.patience:
        return f"restoring has not got further for {moved:.0f} s, {stats.restore_remaining} changes remain"
    return ""


def _lag(stats: EngineStats, sight: Sight, limits: Limits, now: int) -> str:
    """Name the partition that has waited longest, if that is too long."""
    waited = {
        name: (now - _last(now, sight.since, each.since, stats.ready_at, stats.insert_ended_at)) / 1e6
        for name, each in sight.waiting.items()
    }
    name = max(waited, key=lambda each: waited[each], default="")
    if not name or waited[name] <= limits.stall:
        return ""
    return f"records wait at {name}, offset {sight.waiting[name].position}, and {waited[name]:.0f} s without a commit"
