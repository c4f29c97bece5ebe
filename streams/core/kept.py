"""Logs that stay in memory from one batch to the next, with all that was worked out beside them.

Reading a log is dear where its accumulator is: decoded, and judged anew. So a batch leaves the logs that it wrote here,
and the next one takes up the one whose record is what the store has, to the byte. A batch that was thrown away has
left logs that no record is like: they are dropped, and the store is read. Nothing that is kept is state.
"""

from typing import Any, NamedTuple

from streams.core.outputs import Outputs, Scope
from streams.core.segments import Head

MOST_BYTES = 8 << 20
"""Of the records whose logs are kept; those that were written longest ago go first."""


class Kept(NamedTuple):
    """A log as it was written: its record, what that says, what was listed, and accumulators before the end."""

    record: bytes
    head: Head[Any]
    accumulator: Any
    scope: Scope
    listed: Outputs | None
    marks: list[Any]


class KeptLogs:
    """Logs by key, each taken out by who goes on with it."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept] = {}
        self._bytes = 0

    def take(self, key: bytes, record: bytes | None) -> Kept | None:
        """Return the log that was written as a record, once; None where it is not kept."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return None
        self._bytes -= len(kept.record)
        return kept if kept.record == record else None

    def put(self, key: bytes, kept: Kept) -> None:
        """Keep a log as it was written. Nobody may change it but who takes it."""
        self.take(key, None)
        self._kept[key] = kept
        self._bytes += len(kept.record)
        while self._bytes > MOST_BYTES:
            oldest = next(iter(self._kept))
            self._bytes -= len(self._kept.pop(oldest).record)
