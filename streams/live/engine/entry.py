"""One partition's batch on its way through the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from streams.live.engine.broker_time import Stamp
    from streams.live.engine.checkpoint import Checkpoint
    from streams.live.engine.ownership import Owned
    from streams.live.fold.batch import Batch


class Entry(msgspec.Struct):
    """A batch, its partition, and the `checkpoint` that goes into the changelog with it.

    `changelog_end` is the changelog offset behind the batch's records, known once they are committed, and `stamp` the
    time under which the broker stored the last of them.
    """

    owned: Owned
    batch: Batch
    checkpoint: Checkpoint
    changelog_end: int = -1
    stamp: Stamp = (0, 0)
