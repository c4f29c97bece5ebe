"""Step 0 of the engine: bring a store up to its changelog."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol

import msgspec

from streams.live.engine.checkpoint import CHECKPOINT_KEY
from streams.live.errors import EngineStopped
from streams.live.store.port import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.live.store.port import Store

log = logging.getLogger(__name__)

_KEEP_STORE_UP_TO_DATE = 1_000_000
"""Changes between two saves of a store's position: bounds what a crash during a long restore costs."""


class Chunk(msgspec.Struct, frozen=True):
    """Committed changes in log order, and the offset at which a read-committed reader now stands."""

    changes: Sequence[tuple[bytes, bytes | None]]
    position: int


class Changelog(Protocol):
    """One changelog partition as a log. Calls may block on the network and raise EngineStopped."""

    name: str

    def bounds(self) -> tuple[int, int]:
        """Return the first offset and the high watermark, open transactions included (read uncommitted)."""

    def seek(self, offset: int) -> None:
        """Read from here."""

    def read(self) -> Chunk:
        """Return what is committed next, perhaps nothing; wait a second at most."""


class Restored(msgspec.Struct, frozen=True):
    """The outcome of a restore: changes read, seconds, and the last checkpoint record (empty for none)."""

    changes: int
    seconds: float
    checkpoint: bytes


def restore(
    changelog: Changelog,
    store: Store,
    *,
    clock: Callable[[], int],
    patience: float,
    max_age: float,
    report: Callable[[int, int], None] = lambda _reached, _wanted: None,
    elapsed: Callable[[], float] = time.monotonic,
) -> Restored:
    """Apply what the store has not seen, up to the high watermark read at the start.

    The caller has made sure that no older transaction of the group can still commit an offset. Their changes may still
    wait for their commit markers, though: the reader goes on until it stands at the high watermark, not at the last
    stable offset. `report` hears the offset reached and the one wanted, again and again. Raises EngineStopped when an
    open transaction blocks the way for `patience` seconds of `elapsed`, which no set date moves; `clock` is the date.
    """
    began = elapsed()
    low, high = changelog.bounds()
    position = _usable(changelog.name, store, low, high, clock(), max_age)
    changelog.seek(position.changelog)
    at, checkpoint, changes, noted, moved_at = position.changelog, position.checkpoint, 0, 0, began
    report(min(at, high), high)
    while at < high:
        chunk = changelog.read()
        now, date = elapsed(), clock()
        if chunk.position > at:
            at, moved_at = chunk.position, now
        elif now - moved_at > patience:
            raise EngineStopped("restore blocked", f"{changelog.name}: an open transaction holds offset {at} of {high}")
        checkpoint = _apply(store, chunk, checkpoint)
        changes += len(chunk.changes)
        if changes - noted >= _KEEP_STORE_UP_TO_DATE:
            noted = changes
            store.set_position(Position(at, date, checkpoint))
        report(min(at, high), high)
    store.set_position(Position(max(at, low), clock(), checkpoint))
    return Restored(changes, elapsed() - began, checkpoint)


def _usable(name: str, store: Store, low: int, high: int, now: int, max_age: float) -> Position:
    """Return the store's position if the changelog can bring it up to date, else of the emptied store.

    Compaction forgets deletions after a while (delete.retention.ms), so an older copy could keep deleted keys.
    It never moves the changelog's beginning, though: one that does not begin at its first offset has been trimmed,
    and what was cut off may be the only record of a key. Raises EngineStopped then.
    """
    position = store.position
    if low <= position.changelog <= high and position.changelog and now - position.saved_at <= max_age * 1e6:
        return position
    if low > 0:
        raise EngineStopped("state lost", f"{name} was trimmed, it begins at offset {low} instead of 0; rebuild it")
    if position.changelog or len(store):
        log.warning("local state at changelog offset %d is of no use, restoring in full", position.changelog)
        store.clear()
    return Position()


def _apply(store: Store, chunk: Chunk, checkpoint: bytes) -> bytes:
    changes = dict(chunk.changes)
    checkpoint = changes.pop(CHECKPOINT_KEY, None) or checkpoint
    if changes:
        store.put_all(changes)
    return checkpoint
