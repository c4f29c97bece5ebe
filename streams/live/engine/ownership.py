"""The partitions a worker owns: opened with restored state, parked over a rebalance, let go."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import msgspec

from streams.live.engine import checkpoint as checkpoints
from streams.live.engine.clients import ChangelogReader
from streams.live.engine.observed_store import ObservedStore
from streams.live.engine.partition_layout import Layout
from streams.live.engine.restore import restore
from streams.live.errors import EngineStopped
from streams.live.fold.dead_letters import DeadLetterCount
from streams.live.store.port import Position, StoreCorruptedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.core.machine import Parts
    from streams.live.engine.clients import Watermarks
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.restore import Restored
    from streams.live.engine.settings import EngineSettings
    from streams.live.engine.stats import EngineStats
    from streams.live.fold.batch import Batch
    from streams.live.fold.record import Record
    from streams.live.store.local import OpenStore
    from streams.live.store.port import Store

log = logging.getLogger(__name__)
Opened = TypeVar("Opened")


class Ticking(Protocol):
    """Partitions and stages, as far as they are alike: batches to commit, and time."""

    def tick(self, now: int, *, is_caught_up: bool = True) -> Batch: ...
    def commit(self, batch: Batch) -> None: ...
    def next_deadline(self) -> int: ...


class Processor(Ticking, Protocol):
    """The fold that the engine drives: `streams.live.fold.partition.Partition`, or any other of one partition.

    Nothing may change before `commit`; a batch that is thrown away must leave no trace. Nothing may block. `process`
    may have something else to do before it takes any record, and the batch says how many it took. `tick` learns how far
    time has come, and whether all records have been committed by then.
    """

    def process(self, records: Iterable[Record]) -> Batch: ...


class StageProcessor(Ticking, Protocol):
    """The fold of a stage, which takes parts in place of records: `streams.live.fold.stage.Stage`."""

    @property
    def has_work(self) -> bool: ...
    @property
    def is_new(self) -> bool: ...
    def take(self, parts: Parts) -> Batch: ...


class Owned(msgspec.Struct, eq=False):
    """One owned topic-partition.

    `next_offset` is consumed next, `end_seen` is where the topic was last seen to end, and `is_end_sure` tells that
    this was not in an assignment before. `last_time` is the time of the last record in microseconds. `has_left` tells
    that records before that end are in hand and not yet taken. `partitions` is how many the topic has. A stage stands
    here too: it has `siblings` and consumes nothing, and `streams.live.engine.stages.processor_of` is its fold.
    """

    topic: str
    number: int
    changelog: str
    store: Store
    processor: Processor
    next_offset: int
    count: DeadLetterCount
    end_seen: int = -1
    last_time: int = 0
    has_left: bool = False
    partitions: int = 0
    siblings: tuple[Owned, ...] = ()
    is_end_sure: bool = False

    @property
    def caught_up(self) -> bool:
        return self.end_seen >= self.next_offset and not self.has_left

    @property
    def ends_in_marks(self) -> bool:
        """Return whether only marks of transactions follow what was taken: they have offsets, and nobody reads them."""
        return self.caught_up and self.is_end_sure and self.end_seen > self.next_offset

    def now(self, clock: int) -> int:
        """Return how far time has come here: a backlog holds it back to the last record read."""
        return clock if self.caught_up else self.last_time


class Ownership:
    """Opens, parks and closes what a rebalance gives and takes.

    A parked store keeps its position, so that a partition which comes back reads only what its changelog gained.
    """

    def __init__(
        self,
        *,
        settings: EngineSettings,
        watermarks: Watermarks,
        open_store: OpenStore,
        open_partition: Callable[[str, int, int, Store], Processor],
        open_stage: Callable[[int, Store], StageProcessor] | None,
        clock: Callable[[], int],
        crash: CrashHook,
        stats: EngineStats,
    ) -> None:
        self._settings = settings
        self._watermarks = watermarks
        self._open_store = open_store
        self._open_partition = open_partition
        self._open_stage = open_stage
        self._stage = settings.topic(settings.stage) if settings.stage and open_stage else ""
        self._clock = clock
        self._crash = crash
        self._stats = stats
        self._parked: dict[tuple[str, int], Store] = {}
        self.owned: dict[tuple[str, int], Owned] = {}
        self.stages: dict[int, Owned] = {}
        self.restored: dict[tuple[str, int], Restored] = {}
        self._layout = Layout(settings, watermarks)

    def take(self, committed: dict[tuple[str, int], int | None]) -> list[Owned]:
        """Open the given partitions at their committed offsets; close what was parked and did not come back."""
        self.restored.clear()
        self._stats.restoring = {}
        if committed:
            self._layout.refresh()
        staying = {*committed, *((self._stage, number) for _, number in committed)}
        for where in set(self._parked) - staying:
            self._parked.pop(where).close()
        for (topic, number), offset in sorted(committed.items()):
            self.owned[topic, number] = self._open(topic, number, offset)
        for number in sorted({number for _, number in committed}):
            self._take_stage(number)
        return [self.owned[where] for where in committed]

    def _take_stage(self, number: int) -> None:
        """Open the stage of a number, all of whose siblings are owned. Raises EngineStopped where its state is lost."""
        places = [(self._settings.topic(topic), number) for topic in self._settings.siblings]
        siblings = [self.owned[place] for place in places if place in self.owned]
        if not self._stage or number in self.stages or len(siblings) < len(places):
            return
        store, changelog = self._store_of(self._stage, number), self._settings.changelog(self._stage)
        restored = _mended(store, lambda: self._restore(changelog, number, store))
        self.restored[self._stage, number] = restored
        if not restored.checkpoint and any(self._has_state(place) for place in places):
            raise EngineStopped(
                "state lost",
                f"{changelog}-{number} holds no state, but the topics that feed it have state; rebuild it",
            )
        assert self._open_stage is not None
        processor = cast("Processor", self._open_stage(number, ObservedStore(store, self._clock)))
        self.stages[number] = Owned(
            self._stage, number, changelog, store, processor, 0, DeadLetterCount(), siblings=tuple(siblings)
        )

    def _has_state(self, place: tuple[str, int]) -> bool:
        """Return whether a partition has committed anything, this time or before it was parked."""
        return bool(self.owned[place].store.position.checkpoint)

    def park(self, where: Iterable[tuple[str, int]]) -> None:
        for each in where:
            owned = self.owned.pop(each, None)
            if owned is None:
                continue
            self._parked[each] = owned.store
            stage = self.stages.get(owned.number)
            if stage is not None and owned in stage.siblings:
                self._parked[self._stage, owned.number] = self.stages.pop(owned.number).store

    def close(self) -> None:
        self.park(list(self.owned))
        while self._parked:
            self._parked.popitem()[1].close()

    def _open(self, topic: str, number: int, committed: int | None) -> Owned:
        store = self._store_of(topic, number)
        return _mended(store, lambda: self._restored(topic, number, store, committed))

    def _store_of(self, topic: str, number: int) -> Store:
        """Return the store that was parked, or open one."""
        changelog = self._settings.changelog(topic)
        return self._parked.pop((topic, number), None) or self._open_store(
            changelog, number, self._watermarks.topic_id(changelog)
        )

    def _restored(self, topic: str, number: int, store: Store, committed: int | None) -> Owned:
        changelog = self._settings.changelog(topic)
        restored = self._restore(changelog, number, store)
        self.restored[topic, number] = restored
        low, _high = self._watermarks.bounds(topic, number)
        checkpoint = checkpoints.reconcile(f"{topic}-{number}", checkpoints.decode(restored.checkpoint), committed, low)
        partitions = self._layout.count(topic, checkpoint.partitions)
        log.info(
            "restored %s-%d: %d changes in %.2f s, next offset %d",
            changelog, number, restored.changes, restored.seconds, checkpoint.source,
        )  # fmt: skip
        processor = self._open_partition(topic, number, partitions, ObservedStore(store, self._clock))
        return Owned(
            topic, number, changelog, store, processor, checkpoint.source, checkpoint.count, partitions=partitions
        )

    def _restore(self, changelog: str, number: int, store: Store) -> Restored:
        reader = ChangelogReader(self._settings, self._watermarks, changelog, number)
        try:
            self._crash("in_restore")
            return restore(
                reader,
                store,
                clock=self._clock,
                patience=self._settings.patience_seconds,
                max_age=self._settings.store_age_seconds,
                report=partial(self._restoring, reader.name),
            )
        finally:
            reader.close()

    def _restoring(self, name: str, reached: int, wanted: int) -> None:
        """Publish how far a restore is; the statistics are replaced whole, for other threads read them."""
        stats = self._stats
        if stats.restoring.get(name) != (reached, wanted):
            stats.restoring = {**stats.restoring, name: (reached, wanted)}
            stats.restore_moved_at = self._clock()


def note_position(owned: Owned, changelog_offset: int, checkpoint: bytes, now: int) -> None:
    """Note in the store that it holds everything its changelog holds before `changelog_offset`."""
    owned.store.set_position(Position(changelog_offset, now, checkpoint))


def _mended(store: Store, restore: Callable[[], Opened]) -> Opened:
    """Restore into a store; into one that is damaged in full, once it is emptied."""
    try:
        return restore()
    except StoreCorruptedError as error:
        log.warning("local state is damaged, restoring it in full: %s", error)
        store.clear()
        return restore()
