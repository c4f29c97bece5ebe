"""The port of a partition's state, and the errors it may raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The progress of a store through its changelog.

    `changelog` is the next changelog offset to read, `saved_at` the time of the save in microseconds since 1970
    (UTC), `checkpoint` the newest record of `streams.live.engine.checkpoint` seen so far, empty before the first.
    """

    changelog: int = 0
    saved_at: int = 0
    checkpoint: bytes = b""


class StoreCorruptedError(Exception):
    """The local copy cannot be read: drop it and restore from the changelog. Names the directory."""


class StoreBusyError(Exception):
    """Another process holds the local copy: use another directory. Names the directory."""


class Store(Protocol):
    """Key-value state of one topic-partition, owned by one thread.

    Every call may block for local disk access, none for the network. `StoreCorruptedError` may come from any of
    them; the caller never retries it. `put_all` of the same changes twice is the same as once. A store is a cache of
    its changelog: what it loses is read again, so nothing needs to be on disk when a call returns.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the value, or None where there is none."""

    def put_all(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take over all changes; None deletes the key."""

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with its value, in no promised order. No changes while a scan is open."""

    def __len__(self) -> int:
        """Return how many keys there are; an estimate where counting would read the disk."""

    @property
    def position(self) -> Position:
        """The position saved by the last `set_position`, zeros in a new store."""

    def set_position(self, position: Position) -> None:
        """Save how far the content reaches. A position older than the content is harmless: the rest is read again."""

    def clear(self) -> None:
        """Forget content and position."""

    def close(self) -> None:
        """Release files and locks; a second call does nothing."""
