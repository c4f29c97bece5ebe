"""Choose the store that a worker opens for a partition, and its directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from streams.live.store.memory import MemoryStore
from streams.live.store.port import Store, StoreBusyError, StoreCorruptedError
from streams.live.store.rocks import RocksStore

if TYPE_CHECKING:
    from pathlib import Path

# (changelog topic, partition number, id of the topic in the cluster) -> store
OpenStore: TypeAlias = Callable[[str, int, str], Store]

_SLOTS = 16


def memory_stores(_topic: str, _number: int, _topic_id: str) -> Store:
    return MemoryStore()


def rocks_stores(root: Path) -> OpenStore:
    """Open RocksDB stores under `root`/topic-number/topic-id/slot.

    The topic's id keeps the state of a deleted topic from being taken for that of its successor. Workers that share
    `root` take the first slot that is free: a frozen worker may still hold the one before.
    """

    def open_store(topic: str, number: int, topic_id: str) -> Store:
        base = root / f"{topic}-{number}" / (topic_id or "any")
        for slot in range(_SLOTS):
            try:
                return _open_or_rebuild(base / str(slot))
            except StoreBusyError:
                continue
        raise StoreBusyError(f"{base}: all {_SLOTS} slots are held by other processes")

    return open_store


def _open_or_rebuild(directory: Path) -> Store:
    try:
        return RocksStore(directory)
    except StoreCorruptedError:
        return RocksStore(directory)  # marked by the failure, so this one starts empty
