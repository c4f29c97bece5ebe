"""What an engine can say of itself while it runs."""

from __future__ import annotations

import msgspec


class Figures(msgspec.Struct):
    """Counters since the start and the newest gauges. Written by the engine's thread alone, read by anyone.

    Times are microseconds since 1970 (UTC), 0 for never. `lag_records` and `lag_seconds` are by "topic-partition": how
    many records wait, and how old the last record taken is while some wait.
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
    sink_retries: int = 0
    assignments: int = 0
    restored_changes: int = 0
    restore_seconds: float = 0.0
    lag_records: dict[str, int] = {}
    lag_seconds: dict[str, float] = {}
