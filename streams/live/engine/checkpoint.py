"""The engine's own record in every changelog transaction: which source offset the state stands at."""

from __future__ import annotations

import msgspec

from streams.live.errors import EngineStopped
from streams.live.fold.dead_letters import DeadLetterCount

MARK_KEY = b"\0engine"
"""Not a key of any partition's state; it never enters a store's content."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Next source offset to consume, the dead-letter count there, and how many partitions the topic had.

    0 partitions stand for a mark of a version that did not know.
    """

    source: int
    count: DeadLetterCount = DeadLetterCount()
    partitions: int = 0


def encode(mark: Mark) -> bytes:
    return msgspec.msgpack.encode(mark)


def decode(value: bytes) -> Mark | None:
    return msgspec.msgpack.decode(value, type=Mark) if value else None


def reconcile(where: str, mark: Mark | None, committed: int | None, low: int) -> Mark:
    """Return where to begin: state and committed offset were written by one transaction, so they must agree.

    `committed` is None where the group has none (it never had, or they expired: then the mark says it). `low` is the
    first offset that the source topic still holds. Raises EngineStopped when state was lost or offsets were moved.
    """
    if mark is None and committed is None:
        return Mark(low)
    if mark is None:
        raise EngineStopped(
            "state lost",
            f"{where}: the group stands at offset {committed}, but the changelog holds no state; rebuild it",
        )
    if committed is not None and committed != mark.source:
        raise EngineStopped(
            "state and offsets differ",
            f"{where}: the group stands at offset {committed}, the state at {mark.source}; rebuild it",
        )
    if mark.source < low:
        raise EngineStopped(
            "events lost", f"{where}: the state stands at offset {mark.source}, the topic begins at {low}"
        )
    return mark
