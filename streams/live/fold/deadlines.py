"""The next deadline among entities: a heap whose outdated entries are skipped when they surface."""

from heapq import heappop, heappush

from streams.core.limits import NEVER


class Deadlines:
    """Deadlines by state key, in microseconds. Setting one again replaces it."""

    def __init__(self) -> None:
        self._at: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []

    def set(self, key: bytes, at: int) -> None:
        if at == NEVER:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heappush(self._heap, (at, key))

    def first(self) -> int:
        """The earliest deadline, NEVER when there is none."""
        while self._heap:
            at, key = self._heap[0]
            if self._at.get(key) == at:
                return at
            heappop(self._heap)
        return NEVER

    def due(self, now: int, limit: int) -> list[bytes]:
        """Keys whose deadline has come, earliest first, at most `limit`. They stay until set anew."""
        keys: dict[bytes, int] = {}
        while len(keys) < limit and self.first() <= now:
            at, key = heappop(self._heap)
            keys[key] = at
        for key, at in keys.items():
            heappush(self._heap, (at, key))
        return list(keys)
