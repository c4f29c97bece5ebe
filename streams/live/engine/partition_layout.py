"""Partition counts that hold an account together: the same on every topic keyed by account, and for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.live.engine.checkpoint import CHECKPOINT_KEY, decode
from streams.live.engine.clients import ChangelogReader
from streams.live.engine.partition_counts import REMEDY, changed, unequal
from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from streams.live.engine.clients import Watermarks
    from streams.live.engine.settings import EngineSettings

_TAIL = 500
"""Offsets at the end of a changelog among which its newest checkpoint is looked for: each transaction ends with one."""
_IDLE_READS = 100
"""Reads of 50 ms without anything new, such as behind an open transaction, after which a search is given up."""


class Layout:
    """The partition counts of one engine's topics, looked at again at every assignment."""

    def __init__(self, settings: EngineSettings, watermarks: Watermarks) -> None:
        self._settings, self._watermarks = settings, watermarks
        self._counts: dict[str, int] = {}
        self._recorded: dict[str, int] = {}

    def refresh(self) -> None:
        """Ask how many partitions there are now. Raises EngineStopped where topics do not fit one another."""
        sources = self._settings.sources
        self._recorded.clear()
        self._counts = self._watermarks.partitions([*sources, *map(self._settings.changelog, sources)])
        for sentence in unequal(self._settings.prefix, self._settings.topics, self._counts):
            raise EngineStopped("partitions differ", f"{sentence}; {REMEDY}")

    def require(self) -> None:
        """Look at all source topics. Raises EngineStopped where the worker would stop for their partitions."""
        self.refresh()
        for topic in self._settings.sources:
            self.count(topic)

    def count(self, topic: str, recorded: int = 0) -> int:
        """Return how many partitions a source topic has; `recorded` is what this one's state knows, 0 for nothing.

        Raises EngineStopped where the state was written under another number: keys would part from their accounts.
        """
        known = recorded or self.recorded(topic)
        now = self._counts[topic]
        if known and known != now:
            raise EngineStopped("partitions changed", f"{changed(topic, known, now)}; {REMEDY}")
        return now

    def recorded(self, topic: str) -> int:
        """Return the number of partitions under which the topic's state was written, 0 where none is known."""
        if topic not in self._recorded:
            changelog = self._settings.changelog(topic)
            numbers = range(self._counts.get(changelog, 0))
            found = (self._newest(changelog, number) for number in numbers)
            self._recorded[topic] = next(filter(None, found), 0)
        return self._recorded[topic]

    def _newest(self, changelog: str, number: int) -> int:
        low, high = self._watermarks.bounds(changelog, number)
        if high <= low:
            return 0
        reader = ChangelogReader(self._settings, self._watermarks, changelog, number)
        try:
            return _mark_in(reader, max(low, high - _TAIL), high)
        finally:
            reader.close()


def _mark_in(reader: ChangelogReader, start: int, end: int) -> int:
    """Return the count in the last checkpoint of a stretch of a changelog, 0 where none is met at once."""
    reader.seek(start)
    found, position, idle = 0, start, 0
    while position < end and idle < _IDLE_READS:
        chunk = reader.read()
        idle = 0 if chunk.position > position else idle + 1
        position = max(position, chunk.position)
        for key, value in chunk.changes:
            checkpoint = decode(value or b"") if key == CHECKPOINT_KEY else None
            found = checkpoint.partitions if checkpoint is not None else found
    return found
