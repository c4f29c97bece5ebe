"""How far the owned partitions stand behind their topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.live.figures import Figures
    from streams.live.ownership import Owned

_EVERY = 1_000_000  # microseconds


class Lag:
    """Keeps the lag of `Figures` fresh, once a second at most, from what the consumer has fetched anyway."""

    def __init__(self, consumer: Any, figures: Figures, clock: Callable[[], int]) -> None:
        self._consumer = consumer
        self._figures = figures
        self._clock = clock
        self._due = 0

    def update(self, owned: Iterable[Owned]) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + _EVERY
        records: dict[str, int] = {}
        seconds: dict[str, float] = {}
        for each in owned:
            name = f"{each.topic}-{each.number}"
            records[name] = self._behind(each)
            seconds[name] = (now - each.last_time) / 1e6 if records[name] and each.last_time else 0.0
        self._figures.lag_records, self._figures.lag_seconds = records, seconds

    def _behind(self, owned: Owned) -> int:
        _low, high = self._consumer.get_watermark_offsets(TopicPartition(owned.topic, owned.number), cached=True)
        return max(0, int(high) - max(owned.next_offset, owned.end_seen))
