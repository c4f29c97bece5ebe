"""State in a dict: the fastest store, restored in full whenever a partition arrives at a new process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.live.store.port import Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class MemoryStore:
    """`Store` over a dict. `get` is the dict's own method, because it runs once or more for every record."""

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = {}
        self._position = Position()
        self.get = self._data.get

    def put_all(self, changes: Mapping[bytes, bytes | None]) -> None:
        data = self._data
        for key, value in changes.items():
            if value is None:
                data.pop(key, None)
            else:
                data[key] = value

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._data.items())

    def __len__(self) -> int:
        return len(self._data)

    @property
    def position(self) -> Position:
        return self._position

    def set_position(self, position: Position) -> None:
        self._position = position

    def clear(self) -> None:
        self._data.clear()
        self._position = Position()

    def close(self) -> None:
        self.clear()
