"""A store whose reads count as signs of life of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from streams.live.store.port import Position, Store

READS = 64
"""Reads between two signs of life: some thousands of events that are folded again, less than a second."""


class ObservedStore:
    """Passes everything on to a store, and calls `beat` at every 64th record that is read.

    One event may fold a long history again: it came late, or a policy changed. That is one step of the engine, and may
    take minutes for a million events. The watchdog must not take it for a standstill. The fold reads a record for every
    few events, so reads go on as long as the work does.
    """

    def __init__(self, store: Store, beat: Callable[[], object]) -> None:
        self._store, self._beat = store, beat
        self._get = store.get
        self._reads = 0
        self.put_all: Callable[[Mapping[bytes, bytes | None]], None] = store.put_all
        self.set_position: Callable[[Position], None] = store.set_position
        self.clear: Callable[[], None] = store.clear
        self.close: Callable[[], None] = store.close

    def get(self, key: bytes) -> bytes | None:
        self._count()
        return self._get(key)

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        for item in self._store.scan():
            self._count()
            yield item

    def __len__(self) -> int:
        return len(self._store)

    @property
    def position(self) -> Position:
        return self._store.position

    def _count(self) -> None:
        self._reads += 1
        if self._reads == READS:
            self._reads = 0
            self._beat()
