"""One partition of a replay. The order of the steps is the guarantee, as it is live (docs/adr/0061).

1. read records, pass over those of other accounts, reduce the rest; the new states stay in memory.
2. insert the rows, many batches at once, while step 1 goes on.
3. when they are acknowledged, write the states and the position behind them to disk, in one write.
4. at the end of the stretch let time pass, so that deadlines which have fired live fire here too.

A kill between 2 and 3 repeats rows with the very same versions. Nothing but rows leaves: no signals, no changelog, no
offsets, no dead-letter records.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from sinks.port import SinkUnavailable
from streams.live.engine.crash_points import no_crash
from streams.live.engine.garbage import GarbageCollection
from streams.replay import outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from sinks.port import Sink
    from streams.core.machine import Machine
    from streams.live.engine.crash_points import CrashHook
    from streams.live.fold.parts import PartsCodec
    from streams.replay.store import Layer, ReplayStore

ROWS_AT_ONCE = 60_000
RECORDS_AT_ONCE = 60_000
"""An insert is begun when either is reached; both bound what is in memory twice over and what a kill repeats."""
_AGAIN_S = 1.0


class Rowed(Protocol):
    """Hold what a processor makes of records: rows by table. Its signals and dead letters are left where they are."""

    @property
    def rows(self) -> Mapping[str, Sequence[tuple[Any, ...]]]: ...
    @property
    def machine(self) -> Machine: ...


class Ticking(Protocol):
    """A partition or a stage, as far as time passes for it."""

    def tick(self, now: int) -> Any: ...
    def commit(self, batch: Any) -> None: ...
    def next_deadline(self) -> int: ...


class Processor(Ticking, Protocol):
    """One partition, as the live engine runs it: `streams.live.fold.partition.Partition`."""

    def process(self, records: Iterable[Any]) -> Any: ...


class Filler:
    """Fills a sink from one partition. Use it as a context: leaving waits for the insert under way.

    `accounts` are the keys to be read, all of them when it is empty; `tables` those that are written. `show` hears of
    records read and rows acknowledged. A sink that is away is asked again for `patience` seconds, then SinkUnavailable
    goes through; SinkRefused goes through at once. Either leaves what was acknowledged in the store.
    """

    def __init__(
        self,
        processor: Ticking,
        store: ReplayStore,
        sink: Sink,
        *,
        clock: Callable[[], int],
        tables: Collection[str],
        accounts: Collection[bytes] = (),
        show: Callable[[int, int], None] = lambda _records, _rows: None,
        crash: CrashHook = no_crash,
        patience: float = 120.0,
        codec: PartsCodec | None = None,
    ) -> None:
        self._codec = codec
        self._processor, self._store, self._sink = processor, store, sink
        self._clock, self._show, self._crash, self._patience = clock, show, crash, patience
        self._tables, self._accounts = frozenset(tables), frozenset(accounts)
        self._position = store.position.changelog
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}
        self._rows = self._records = 0
        self._sent: tuple[Future[None], Layer, int] | None = None
        self._inserting = ThreadPoolExecutor(1, "insert")
        self._garbage = GarbageCollection()

    def __enter__(self) -> Self:
        self._garbage.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._garbage.__exit__()
        self._inserting.shutdown()

    def read(self, records: Sequence[Any]) -> None:
        """Take a batch of records of the partition in, in order."""
        wanted = self._accounts
        mine = [record for record in records if record.key() in wanted] if wanted else records
        while mine:
            batch = cast("Processor", self._processor).process(mine)
            self.take(batch)
            mine = mine[batch.records :]
        self._position = records[-1].offset() + 1
        self._records += len(records)
        self._show(len(records), 0)
        self._garbage.collect()
        if self._rows >= ROWS_AT_ONCE or self._records >= RECORDS_AT_ONCE:
            self._send()

    def end(self, position: int) -> None:
        """Let time pass at the end of a stretch and return once everything is on disk, `position` with it."""
        self._position = max(self._position, position)
        now = self._clock()
        while self._processor.next_deadline() <= now:
            self.take(self._processor.tick(now))
            self._crash("in_tick")
            if self._rows >= ROWS_AT_ONCE:
                self._send()
        self.flush()

    def flush(self) -> None:
        """Return once everything that was read is acknowledged and on disk."""
        self._send()
        self._settle()

    def take(self, batch: Rowed) -> None:
        """Take a batch over: its rows wait to be inserted, its state to be written behind them."""
        for table, rows in batch.rows.items():
            if table in self._tables:
                self._waiting.setdefault(table, []).extend(rows)
                self._rows += len(rows)
        self._processor.commit(batch)
        if batch.machine.parts and self._codec is not None:
            self._store.put_all(outbox.kept(self._codec, batch.machine.parts))

    def _send(self) -> None:
        """Begin to insert what waits. One insert at a time: the store holds one sealed layer."""
        self._settle()
        rows, count = self._waiting, self._rows
        self._waiting, self._rows, self._records = {}, 0, 0
        self._crash("before_insert")
        self._sent = self._inserting.submit(self._insert, rows), self._store.seal(self._position), count

    def _settle(self) -> None:
        """Wait for the insert under way, then keep the states behind it."""
        if self._sent is None:
            return
        (acknowledged, layer, count), self._sent = self._sent, None
        acknowledged.result()
        self._crash("after_insert")
        self._store.keep(layer, self._clock())
        self._crash("after_store")
        self._show(0, count)

    def _insert(self, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._sink.insert(rows)
            except SinkUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_AGAIN_S)
            else:
                return
