"""Time for deadlines: the broker's, which stamps every event. No machine's own date is used.

Each commit brings it along, as the time at which the broker stored the commit's last record; from there the monotonic
clock carries it on. So a worker whose date is wrong, or is set while it runs, fires no deadline early or late.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from streams.core.limits import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.live.engine.ownership import Owned

Stamp = tuple[int, int]
"""Kind of a record's time and the time itself (milliseconds since 1970), as confluent-kafka has them."""


class BrokerTime:
    """The broker's time as it was last heard, carried on.

    `own` is this machine's clock (microseconds since 1970, UTC). It stands in until a stamp was heard, and where the
    changelog keeps the time of whoever writes to it: such a stamp says nothing about the broker. `elapsed` tells
    nanoseconds and never jumps.
    """

    def __init__(self, own: Callable[[], int], elapsed: Callable[[], int] = time.monotonic_ns) -> None:
        self._own = own
        self._elapsed = elapsed
        self._anchor: tuple[int, int] | None = None
        self._heard = False

    def hear(self, stamp: Stamp) -> int:
        """Take over the time that the broker has given to a record just written.

        Returns by how many microseconds this machine's clock is ahead of it, below 0 for behind.
        """
        kind, milliseconds = stamp
        self._heard = True
        if kind != TIMESTAMP_LOG_APPEND_TIME:
            return 0
        self._anchor = milliseconds * 1000, self._elapsed()
        return self._own() - milliseconds * 1000

    @property
    def is_heard(self) -> bool:
        """Return whether a commit has brought the broker's time, or shown that none comes."""
        return self._heard

    def now(self) -> int:
        """Return the time in microseconds since 1970 (UTC)."""
        if self._anchor is None:
            return self._own()
        at, then = self._anchor
        return at + (self._elapsed() - then) // 1000

    def due(self, owned: Iterable[Owned]) -> list[tuple[Owned, int]]:
        """Return the partitions on which time alone has something to do, each with how far time has come there.

        Before the broker was heard, a partition that waits for a deadline is brought no further than its last record:
        committing that asks for the time.
        """
        if not self._heard:
            waiting = (each for each in owned if each.caught_up and each.processor.next_deadline() < NEVER)
            return [(each, each.last_time) for each in islice(waiting, 1)]
        clock = self.now()
        return [(each, each.now(clock)) for each in owned if each.processor.next_deadline() <= each.now(clock)]
