"""Statistics of a running engine."""

from __future__ import annotations

import msgspec


class EngineStats(msgspec.Struct):
    """Counters since the start and the newest gauges. Written by the engine's thread alone, read by anyone.

    Times are microseconds since 1970 (UTC), 0 for never. `lag_records` and `lag_seconds` are by "topic-partition": how
    many records wait, and how old the last record taken is while some wait. `positions` are the offsets before which
    everything was taken in or is nothing to read, `entries` the keys of state, both by source partition; `restoring`
    has (offset reached, offset wanted) of each changelog that the newest assignment brought. `inserting_since` is when
    the insert under way began, repeats included, `insert_ended_at` when the newest one came to its end; `ready_at` is
    when the newest assignment was restored, `restore_moved_at` when a restore last got further. `clock_ahead` is by
    how many microseconds this machine's clock was ahead of the broker's at the newest commit, below 0 for behind.
    `owned` is how many source partitions this worker has, `undone` how many of them, and of stages, are not read to the
    end or have something to do by now: a deadline is due, or something was committed to be done. It is above 0 before a
    commit can be seen, until a cycle has found nothing more.
    `limit` is where the engine stopped at the dead-letter limit: source partition, offset and reason of the record.
    """

    state: str = "starting"
    started_at: int = 0
    beat_at: int = 0
    last_commit_at: int = 0
    records: int = 0
    batches: int = 0
    ticks: int = 0
    rows: int = 0
    signals: int = 0
    dead_letters: int = 0
    duplicates: int = 0
    floods: int = 0
    sink_retries: int = 0
    assignments: int = 0
    restored_changes: int = 0
    restore_seconds: float = 0.0
    restore_moved_at: int = 0
    ready_at: int = 0
    inserting_since: int = 0
    insert_ended_at: int = 0
    clock_ahead: int = 0
    owned: int = 0
    undone: int = 0
    lag_records: dict[str, int] = {}
    lag_seconds: dict[str, float] = {}
    positions: dict[str, int] = {}
    entries: dict[str, int] = {}
    restoring: dict[str, tuple[int, int]] = {}
    limit: tuple[str, str, str] | None = None

    @property
    def restore_remaining(self) -> int:
        """Changelog records that the restore under way still has to read, as far as it is known."""
        return sum(wanted - reached for reached, wanted in self.restoring.values())
