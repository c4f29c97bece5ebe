"""Whose turn it is: what was read and waits, by partition, of which each has an equal share of every batch.

Each vendor has partitions of its own, so one that floods fills its own, is not read further while they are full, and
delays nobody else. Within a partition order stays as it is; what one instance may send is bounded where it is received.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Place = tuple[str, int]
"""Topic and partition."""


class _Sized(Protocol):
    def value(self) -> bytes | None: ...


_Record = TypeVar("_Record", bound=_Sized)


class Bounds(NamedTuple):
    """Most records and bytes of one partition: in a batch, and waiting for one."""

    share: int = 500
    share_bytes: int = 4 << 20
    waiting: int = 2_000
    waiting_bytes: int = 16 << 20


class Backlog(Generic[_Record]):
    """Records that wait, in the order of their partitions."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:  # noqa: B008 - frozen
        self._bounds = bounds
        self._waiting: dict[Place, deque[_Record]] = {}
        self._bytes: dict[Place, int] = {}

    def put(self, place: Place, record: _Record) -> None:
        self._waiting.setdefault(place, deque()).append(record)
        self._bytes[place] = self._bytes.get(place, 0) + _size(record)

    def take(self) -> dict[Place, Sequence[_Record]]:
        """Take a share of every partition in which something waits; at least one record of each."""
        batch: dict[Place, Sequence[_Record]] = {}
        for place, waiting in self._waiting.items():
            share: list[_Record] = []
            taken = 0
            while waiting and len(share) < self._bounds.share and (not share or taken < self._bounds.share_bytes):
                record = waiting.popleft()
                taken += _size(record)
                share.append(record)
            self._bytes[place] -= taken
            if share:
                batch[place] = share
        return batch

    def is_full(self, place: Place) -> bool:
        """Tell whether no more of a partition should be read for now."""
        count, size = len(self._waiting.get(place, ())), self._bytes.get(place, 0)
        return count >= self._bounds.waiting or size >= self._bounds.waiting_bytes

    def drop(self, places: Iterable[Place]) -> None:
        """Forget partitions that another reader has now."""
        for place in places:
            self._waiting.pop(place, None)
            self._bytes.pop(place, None)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))


def _size(record: _Sized) -> int:
    return len(record.value() or b"")
