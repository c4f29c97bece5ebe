"""One partition's batch on its way through the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from streams.live.batch import Batch
    from streams.live.mark import Mark
    from streams.live.ownership import Owned


class Entry(msgspec.Struct):
    """A batch, its partition, and the `mark` that goes into the changelog with it.

    `changelog_end` is the changelog offset behind the batch's records, known once they are committed.
    """

    owned: Owned
    batch: Batch
    mark: Mark
    changelog_end: int = -1
