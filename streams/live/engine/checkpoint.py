"""The engine's own record in every changelog transaction: which source offset the state stands at."""

from __future__ import annotations

import msgspec

from streams.live.errors import EngineStopped
from streams.live.fold.dead_letters import DeadLetterCount

CHECKPOINT_KEY = b"\0engine"
"""Not a key of any partition's state; it never enters a store's content."""


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """Next source offset to consume, the dead-letter count there, and how many partitions the topic had.

    0 partitions stand for a checkpoint of a version that did not know.
    """

    source: int
    count: DeadLetterCount = DeadLetterCount()
    partitions: int = 0


def encode(checkpoint: Checkpoint) -> bytes:
    return msgspec.msgpack.encode(checkpoint)


def decode(value: bytes) -> Checkpoint | None:
    return msgspec.msgpack.decode(value, type=Checkpoint) if value else None


def reconcile(where: str, checkpoint: Checkpoint | None, committed: int | None, low: int) -> Checkpoint:
    """Return where to begin: state and committed offset were written by one transaction, so they must agree.

    `committed` is None where the group has none (it never had, or they expired: then the checkpoint says
    it). `low` is the first offset that the source topic still holds.

    Raises EngineStopped when state was lost or offsets were moved.
    """
    if checkpoint is None and committed is None:
        return Checkpoint(low)
    if checkpoint is None:
        raise EngineStopped(
            "state lost",
            f"{where}: the group stands at offset {committed}, but the changelog holds no state; rebuild it",
        )
    if committed is not None and committed != checkpoint.source:
        raise EngineStopped(
            "state and offsets differ",
            f"{where}: the group stands at offset {committed}, the state at {checkpoint.source}; rebuild it",
        )
    if checkpoint.source < low:
        raise EngineStopped(
            "events lost", f"{where}: the state stands at offset {checkpoint.source}, the topic begins at {low}"
        )
    return checkpoint
