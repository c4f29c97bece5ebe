"""The next deadline among entities and ledgers: a heap whose outdated entries are skipped when they surface."""

from collections.abc import Mapping
from heapq import heappop, heappush

from streams.core.limits import NEVER
from streams.core.machine import Due

NO_RANKS: Mapping[int, int] = {}


class Deadlines:
    """Deadlines by state key, in microseconds. Setting one again replaces it.

    `ranks` orders those of one moment, by the first byte of their keys; 0 where nothing is said.
    """

    def __init__(self, ranks: Mapping[int, int] = NO_RANKS) -> None:
        self._ranks = ranks
        self._at: dict[bytes, int] = {}
        self._aside: dict[bytes, int] = {}
        self._heap: list[Due] = []

    def set(self, key: bytes, at: int) -> None:
        if at in (NEVER, self._aside.get(key)):
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heappush(self._heap, (at, self._ranks.get(key[0], 0), key))

    def put_aside(self, key: bytes, at: int) -> None:
        """Let a deadline never come, until another one is set in its place."""
        self._aside[key] = at
        if self._at.get(key) == at:
            del self._at[key]

    def first(self) -> int:
        """The earliest deadline, NEVER when there is none."""
        while self._heap:
            at, _, key = self._heap[0]
            if self._at.get(key) == at:
                return at
            heappop(self._heap)
        return NEVER

    def due(self, now: int, limit: int) -> list[Due]:
        """Deadlines that have come, in order, at most `limit`. They stay until set anew."""
        found: dict[bytes, Due] = {}
        while len(found) < limit and self.first() <= now:
            due = heappop(self._heap)
            found[due[2]] = due
        for due in found.values():
            heappush(self._heap, due)
        return list(found.values())

    def forget(self, account: bytes) -> None:
        """Take away all deadlines of an account. Looks at every key: for what is put aside, which is rare."""
        for key in [key for key in self._at if key[1:].partition(b"\0")[0] == account]:
            del self._at[key]
