"""Partition counts that hold an account together: the same on every topic keyed by account, and for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.live.engine.checkpoint import CHECKPOINT_KEY, Checkpoint, decode
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
        kept = [*sources, *([self._settings.topic(self._settings.stage)] if self._settings.stage else [])]
        self._counts = self._watermarks.partitions([*sources, *map(self._settings.changelog, kept)])
        for sentence in unequal(self._settings.prefix, self._settings.topics, self._counts):
            raise EngineStopped("partitions differ", f"{sentence}; {REMEDY}")
        for changelog in map(self._settings.changelog, kept[len(sources) :]):
            fed = self._settings.topic(self._settings.siblings[0])
            if self._counts[changelog] != self._counts[fed]:
                said = f"{changelog} has {self._counts[changelog]} partitions and {fed} has {self._counts[fed]}"
                raise EngineStopped("partitions differ", f"{said}: they must have the same number; {REMEDY}")

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
            self._recorded[topic] = next((each.partitions for each in found if each is not None and each.partitions), 0)
        return self._recorded[topic]

    def checkpoints(self) -> dict[tuple[str, int], Checkpoint | None]:
        """Return the newest checkpoint of every partition of the source topics, None where there is no state.

        Raises EngineStopped where one cannot be read to its end.
        """
        self.refresh()
        return {
            (topic, number): self._last(self._settings.changelog(topic), number)
            for topic in self._settings.sources
            for number in range(self._counts[self._settings.changelog(topic)])
        }

    def _last(self, changelog: str, number: int) -> Checkpoint | None:
        """Return the last checkpoint; an aborted transaction may be longer than the tail, then all of it is read."""
        low, high = self._watermarks.bounds(changelog, number)
        found = self._search(changelog, number, max(low, high - _TAIL), high)
        if found.checkpoint is None and low < high - _TAIL:
            found = self._search(changelog, number, low, high)
        if not found.to_its_end:
            raise EngineStopped("changelog unreadable", f"{changelog}-{number}: an open transaction holds its end back")
        return found.checkpoint

    def _newest(self, changelog: str, number: int) -> Checkpoint | None:
        low, high = self._watermarks.bounds(changelog, number)
        return self._search(changelog, number, max(low, high - _TAIL), high).checkpoint

    def _search(self, changelog: str, number: int, start: int, end: int) -> _Found:
        if end <= start:
            return _Found(None, to_its_end=True)
        reader = ChangelogReader(self._settings, self._watermarks, changelog, number)
        try:
            return _checkpoint_in(reader, start, end)
        finally:
            reader.close()


class _Found(msgspec.Struct, frozen=True):
    """The last checkpoint of a stretch, and whether the stretch was read to its end."""

    checkpoint: Checkpoint | None
    to_its_end: bool


def _checkpoint_in(reader: ChangelogReader, start: int, end: int) -> _Found:
    """Return the last checkpoint in a stretch of a changelog; the search is given up where nothing is met at once."""
    reader.seek(start)
    found: Checkpoint | None = None
    position, idle = start, 0
    while position < end and idle < _IDLE_READS:
        chunk = reader.read()
        idle = 0 if chunk.position > position else idle + 1
        position = max(position, chunk.position)
        for key, value in chunk.changes:
            found = (decode(value or b"") if key == CHECKPOINT_KEY else None) or found
    return _Found(found, to_its_end=position >= end)
