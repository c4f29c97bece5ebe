"""Cyclic garbage, collected between batches in place of within them (docs/adr/0148)."""

import gc
from threading import Lock
from typing import Self

_AUTOMATIC = 1_000_000
"""Objects after which the interpreter collects by itself all the same: more than a batch holds. It bounds what piles up
while the engine waits for a server."""
_WORTH_IT = 5_000
"""Objects that are new and still there. With fewer, as in the cycles of an idle engine, collecting waits."""
_FULL_EVERY = 100
_lock = Lock()
_before: list[tuple[int, int, int]] = []
"""What was set before, once for each block that has not been left: the last one that is left restores the first."""


class GarbageCollection:
    """Keeps the interpreter's collector out of a block, and collects when asked to.

    The collector looks at all that is new after every 700 objects. Within a batch that is rows, which stay until they
    are inserted: it finds nothing and takes about a tenth of the time. The setting is the process's, other threads
    included: `collect` has to be called again and again inside the block. Blocks of several threads may overlap. When
    the last of them is left, what was set before the first is restored.
    """

    def __init__(self) -> None:
        self._rounds = 0

    def __enter__(self) -> Self:
        with _lock:
            _before.append(gc.get_threshold())
            gc.set_threshold(_AUTOMATIC, *_before[0][1:])
        return self

    def __exit__(self, *_: object) -> None:
        with _lock:
            last = _before.pop()
            if not _before:
                gc.set_threshold(*last)

    def collect(self) -> None:
        """Collect what is new, and from time to time everything. Call it when a batch is gone."""
        if gc.get_count()[0] < _WORTH_IT:
            return
        self._rounds += 1
        gc.collect(1 if self._rounds % _FULL_EVERY else 2)
