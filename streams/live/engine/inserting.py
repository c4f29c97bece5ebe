"""Step 2 of the engine: a cycle's rows on their way into the sink, while its last partitions are being reduced."""

from __future__ import annotations

from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sinks.port import RowTuple, SinkUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from sinks.port import Rows, Sink
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.stats import EngineStats

THREADS = 2
_LEFT = 0.2

Owner = TypeVar("Owner")
Records = TypeVar("Records", bound=Sized)


def head(sizes: Sequence[int]) -> int:
    """Return the number of a cycle's partitions to reduce before their rows are sent, given the records of each.

    As many as leave a fifth of the records to be reduced meanwhile, which is about as long as inserting takes; 0 when
    one partition is nearly the whole cycle.
    """
    left = total = sum(sizes)
    for place, size in enumerate(sizes):
        left -= size
        if left < total * _LEFT:
            return place
    return 0


class _Chunk(msgspec.Struct):
    """Rows of one table that one insert carries, and its outcome to come."""

    table: str
    rows: list[RowTuple]
    outcome: Future[None]


class Inserts:
    """Gathers the rows of a cycle by table and inserts them on threads of its own. Used by one thread.

    At most two inserts are made for a table and cycle, for every insert is a part that the server has to merge: one
    ahead, of at least `least_rows`, and one for what is left. `crash` passes "before_insert" ahead of a cycle's first.
    `stats` get the times at which inserting begins and ends.
    """

    def __init__(
        self, sink: Sink, *, least_rows: int, crash: CrashHook, stats: EngineStats, clock: Callable[[], int]
    ) -> None:
        self._sink = sink
        self._stats = stats
        self._clock = clock
        self._least_rows = least_rows
        self._crash = crash
        self._threads = ThreadPoolExecutor(THREADS, "sink")
        self._gathered: dict[str, list[RowTuple]] = {}
        self._under_way: list[_Chunk] = []
        self._away = ""
        self._begun = False
        self._acknowledged = 0

    def alongside(self, parts: Iterable[tuple[Owner, Records]]) -> Iterator[tuple[Owner, Records]]:
        """Yield a cycle's partitions with their records, largest first; the rows of most set off before the last."""
        ordered = sorted(parts, key=lambda part: len(part[1]), reverse=True)
        ahead = head([len(records) for _, records in ordered])
        for place, part in enumerate(ordered):
            if 0 < place == ahead:
                self._set_off()
            yield part

    def gather(self, rows: Rows) -> None:
        """Take rows of the cycle; none of them is sent yet."""
        for table, more in rows.items():
            self._gathered.setdefault(table, []).extend(more)

    def settle(self) -> int:
        """Send what is left, wait until every row of the cycle is acknowledged, and return how many there were.

        Raises SinkUnavailable once no insert is under way any more: the rows that were not acknowledged are kept, and
        calling again inserts them again. Raises SinkRefused; the caller stops then.
        """
        self._begin()
        self._send(list(self._gathered))
        waited_for, self._under_way = self._under_way, []
        failed: SinkUnavailable | None = None
        for chunk in waited_for:
            try:
                chunk.outcome.result()
            except SinkUnavailable as error:
                failed = failed or error
                self.gather({chunk.table: chunk.rows})
            else:
                self._acknowledged += len(chunk.rows)
        self._away = ""
        if failed is not None:
            raise failed
        acknowledged = self._acknowledged
        self.forget()
        return acknowledged

    def forget(self) -> None:
        """Let a void cycle's rows go. Only when `settle` has returned or raised: nothing is under way then."""
        self._gathered, self._acknowledged, self._begun = {}, 0, False
        self._stats.insert_ended_at, self._stats.inserting_since = self._clock(), 0

    def close(self) -> None:
        """Begin no further insert. One under way ends by itself; nobody hears of it."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _set_off(self) -> None:
        """Begin to insert the tables that have gathered enough. Does not wait."""
        self._send([table for table, rows in self._gathered.items() if len(rows) >= self._least_rows])

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._stats.inserting_since = self._clock()
            self._crash("before_insert")

    def _send(self, tables: list[str]) -> None:
        if tables:
            self._begin()
        for table in tables:
            rows = self._gathered.pop(table)
            if rows:
                self._under_way.append(_Chunk(table, rows, self._threads.submit(self._insert, table, rows)))

    def _insert(self, table: str, rows: list[RowTuple]) -> None:
        if self._away:  # every further insert would wait for the same timeout
            raise SinkUnavailable(self._away)
        try:
            self._sink.insert({table: rows})
        except SinkUnavailable as error:
            self._away = str(error)
            raise
