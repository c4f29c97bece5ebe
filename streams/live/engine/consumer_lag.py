"""Consumer lag of the owned partitions, and the size of their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.live.engine.ownership import Owned
    from streams.live.engine.stats import EngineStats

_EVERY = 1_000_000  # microseconds


class Lag:
    """Keeps the lag in `EngineStats` fresh, once a second at most, from what the consumer has fetched anyway."""

    def __init__(self, consumer: Any, stats: EngineStats, clock: Callable[[], int]) -> None:
        self._consumer = consumer
        self._stats = stats
        self._clock = clock
        self._due = 0

    def update(self, owned: Iterable[Owned]) -> None:
        now = self._clock()
        if self._due - _EVERY <= now < self._due:  # a clock that was set back must not silence it
            return
        self._due = now + _EVERY
        records: dict[str, int] = {}
        seconds: dict[str, float] = {}
        positions: dict[str, int] = {}
        entries: dict[str, int] = {}
        for each in owned:
            name = f"{each.topic}-{each.number}"
            positions[name] = each.next_offset if each.has_left else max(each.next_offset, each.end_seen)
            entries[name] = len(each.store)
            records[name] = max(0, self._high(each) - positions[name])
            seconds[name] = (now - each.last_time) / 1e6 if records[name] and each.last_time else 0.0
        stats = self._stats
        stats.lag_records, stats.lag_seconds = records, seconds
        stats.positions, stats.entries = positions, entries

    def _high(self, owned: Owned) -> int:
        _low, high = self._consumer.get_watermark_offsets(TopicPartition(owned.topic, owned.number), cached=True)
        return int(high)
