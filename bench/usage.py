"""CPU time and memory of processes and their children, read from the system."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Usage:
    """Adds up what a set of process trees has used; a child that has ended keeps what it was last seen with."""

    roots: list[psutil.Process]
    _cpu: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, pids: Iterable[int]) -> Usage:
        return cls([psutil.Process(pid) for pid in pids])

    def read(self) -> tuple[float, int]:
        """CPU seconds so far (user and system) and resident bytes now."""
        resident = 0
        for process in self._alive():
            with suppress(psutil.NoSuchProcess), process.oneshot():
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
                resident += process.memory_info().rss
        return sum(self._cpu.values()), resident

    def _alive(self) -> Iterator[psutil.Process]:
        for root in self.roots:
            with suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)
