"""State of one partition under replay: what is acknowledged on disk with its position, what is not yet in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.live.store.port import Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.live.store.rocks import RocksStore


class Layer(msgspec.Struct, frozen=True):
    """Changes that wait for their rows to be acknowledged, and the next offset behind them."""

    changes: dict[bytes, bytes | None]
    position: int


class ReplayStore:
    """`streams.live.store.port.Store` in three parts, newest first: changes taken over, a sealed layer, the disk.

    `seal` closes the layer that goes with the rows about to be inserted, `keep` writes it, changes and position in one
    write. So the disk never holds a state whose rows might be missing, and never a position without its state.
    """

    def __init__(self, disk: RocksStore) -> None:
        self._disk = disk
        self._fresh: dict[bytes, bytes | None] = {}
        self._sealed: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        if key in self._fresh:
            return self._fresh[key]
        if key in self._sealed:
            return self._sealed[key]
        return self._disk.get(key)

    def put_all(self, changes: Mapping[bytes, bytes | None]) -> None:
        self._fresh.update(changes)

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        newer = {**self._sealed, **self._fresh}
        for key, value in newer.items():
            if value is not None:
                yield key, value
        for key, value in self._disk.scan():
            if key not in newer:
                yield key, value

    def __len__(self) -> int:
        return len(self._disk) + len(self._sealed) + len(self._fresh)

    @property
    def position(self) -> Position:
        return self._disk.position

    def seal(self, position: int) -> Layer:
        """Close a layer: all changes so far, which end before offset `position`. Only after `keep` of the last one."""
        self._sealed, self._fresh = self._fresh, {}
        return Layer(self._sealed, position)

    def keep(self, layer: Layer, now: int) -> None:
        """Write a layer to disk; `now` in microseconds. Its content stays readable in memory until the next `seal`."""
        self._disk.put_at(layer.changes, Position(layer.position, now))

    def set_position(self, position: Position) -> None:
        self._disk.set_position(position)

    def clear(self) -> None:
        self._fresh, self._sealed = {}, {}
        self._disk.clear()

    def close(self) -> None:
        """Let go of the directory; what was not kept is forgotten."""
        self._disk.close()
