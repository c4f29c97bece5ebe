"""Every table anew, from the first event on, by the very code that runs live.

1. fix the ends: the high watermarks of the source topics, or where the workers stand before them.
2. read each partition from its first record to its end, reduce, insert the rows, keep the state in memory.
3. let time pass, so that deadlines which have fired live fire here too.
4. read on where the log has grown meanwhile, as often as asked.

Nothing but rows is written: no changelog, no offsets, no signals, no dead-letter records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sinks.port import Sink
    from streams.replay.log import Place


class Rowed(Protocol):
    """What a processor makes of records: rows by table. Its signals and dead letters are left where they are."""

    @property
    def rows(self) -> Mapping[str, Sequence[tuple[Any, ...]]]: ...


class Processor(Protocol):
    """One partition, as the live engine runs it."""

    def process(self, records: Iterable[Any]) -> Any: ...
    def tick(self, now: int) -> Any: ...
    def commit(self, batch: Any) -> None: ...
    def next_deadline(self) -> int: ...


class Log(Protocol):
    """The source topics; see `streams.replay.log.KafkaLog`."""

    def ends(self, topics: Sequence[str]) -> dict[Place, int]: ...
    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]: ...


class Progress(msgspec.Struct):
    """Records and rows so far, and how many records there are to read."""

    records: int = 0
    rows: int = 0
    total: int = 0


class Rebuild:
    """Fills a sink from a log. `open_processor` gets topic and partition number and starts from an empty state.

    `clock` tells microseconds since 1970; `show` is called after each batch. The sink's errors and LogError go
    through: what was written by then belongs to a generation that nobody reads.
    """

    def __init__(
        self,
        log: Log,
        topics: Sequence[str],
        open_processor: Callable[[str, int], Processor],
        sink: Sink,
        *,
        clock: Callable[[], int],
        show: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._log, self._topics, self._sink = log, topics, sink
        self._open, self._clock, self._show = open_processor, clock, show
        self._processors: dict[Place, Processor] = {}
        self.positions: dict[Place, int] = {}
        self.progress = Progress()

    def run(self, until: Mapping[Place, int] | None = None) -> int:
        """Read on to where the log ends now, or to an earlier place, and let time pass; return how many records."""
        ends = self._log.ends(self._topics)
        if until is not None:
            ends = {
                place: max(self.positions.get(place, 0), min(end, until.get(place, 0))) for place, end in ends.items()
            }
        ahead = {place: end - self.positions.get(place, 0) for place, end in ends.items()}
        self.progress.total += sum(ahead.values())
        for place, end in ends.items():
            self._partition(place, end)
        return sum(ahead.values())

    def _partition(self, place: Place, end: int) -> None:
        processor = self._processors.get(place) or self._open(*place)
        self._processors[place] = processor
        for records in self._log.read(place, self.positions.get(place, 0), end):
            self._keep(processor, processor.process(records))
            self.progress.records += len(records)
            self._show(self.progress)
        self.positions[place] = end
        now = self._clock()
        while processor.next_deadline() <= now:
            self._keep(processor, processor.tick(now))

    def _keep(self, processor: Processor, batch: Rowed) -> None:
        if batch.rows:
            self._sink.insert(batch.rows)
        self.progress.rows += sum(map(len, batch.rows.values()))
        processor.commit(batch)
