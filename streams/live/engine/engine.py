"""The engine: micro-batches in Kafka transactions. The order of the steps is the guarantee (docs/adr/0020).

0. assigned: wait until the group's committed offsets are stable, then restore every partition's store.
1. consume a micro-batch, decode and reduce it: rows, signals, dead letters, changes of state.
2. insert the rows into the sink, most of them while the last partitions are reduced; wait for every acknowledgement.
3. one Kafka transaction: signals, dead letters, changelog records, consumed offsets; commit.
4. only now take the changes over into the stores.

A crash anywhere leaves what step 3 last committed; step 2 done twice is the same as once. Whatever is unexpected,
fencing and lost partitions included, ends in EngineStopped with nothing committed: the process is to be restarted.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, TopicPartition

from sinks.port import SinkRefused, SinkUnavailable
from streams.live.engine import clients, stages
from streams.live.engine.broker_time import BrokerTime
from streams.live.engine.checkpoint import Checkpoint, encode
from streams.live.engine.consumer_lag import Lag
from streams.live.engine.crash_points import no_crash
from streams.live.engine.entry import Entry
from streams.live.engine.garbage import GarbageCollection
from streams.live.engine.inserting import Inserts
from streams.live.engine.intake import Intake
from streams.live.engine.ownership import Owned, Ownership, note_position
from streams.live.engine.stats import EngineStats
from streams.live.engine.transaction import Transactions
from streams.live.errors import EngineStopped
from streams.live.fold.dead_letters import LimitPassedError, count, stopped
from streams.live.store.local import memory_stores
from streams.live.store.port import StoreCorruptedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from confluent_kafka import Message

    from sinks.port import Sink
    from streams.core.algebra import Signal
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.ownership import Processor, StageProcessor, Ticking
    from streams.live.engine.settings import EngineSettings
    from streams.live.fold.batch import Batch
    from streams.live.fold.dead_letters import DeadLetterCount
    from streams.live.store.local import OpenStore
    from streams.live.store.port import Store

log = logging.getLogger(__name__)

_NOWHERE = Checkpoint(0)
"""Of a stage, which consumes nothing."""
_STAGES_S = 1.0
_REST_S = 5.0
"""Time for a worker that was told to stop to do what is due, before it leaves; a date that jumps does not change it."""


def no_signals(_batch: Batch) -> Sequence[Signal]:
    """Add nothing to a batch's own signals."""
    return ()


def no_news(_processors: Iterable[Ticking]) -> None:
    """Bring nothing to the processors between two cycles."""


class Engine:
    """One member of the group. `run` blocks until `stop` is called from any thread, or raises EngineStopped.

    `open_partition` gets the full topic name, the partition's number, how many the topic has, and the restored store,
    `open_stage` the number and the store of the account stage, where the settings name one.
    `clock` tells microseconds since 1970 (UTC). `summarise` adds signals of the shell's own to a batch (a tally for the
    live board), `between` is shown all processors between two cycles (to hand them new policies) and must not wait.
    """

    def __init__(
        self,
        *,
        settings: EngineSettings,
        sink: Sink,
        open_partition: Callable[[str, int, int, Store], Processor],
        open_stage: Callable[[int, Store], StageProcessor] | None = None,
        encode_signal: Callable[[Signal], bytes],
        clock: Callable[[], int],
        open_store: OpenStore = memory_stores,
        summarise: Callable[[Batch], Sequence[Signal]] = no_signals,
        between: Callable[[Iterable[Ticking]], None] = no_news,
        crash: CrashHook = no_crash,
    ) -> None:
        self._settings = settings
        self.stats = EngineStats(started_at=clock())
        self._inserts = Inserts(sink, least_rows=settings.early_rows, crash=crash, stats=self.stats, clock=clock)
        self._clock, self._time = clock, BrokerTime(clock)
        self._summarise = summarise
        self._between = between
        self._crash = crash
        self._encode_signal = encode_signal
        self._ownership = Ownership(
            settings=settings,
            watermarks=clients.Watermarks(settings),
            open_store=open_store,
            open_partition=open_partition,
            open_stage=open_stage,
            clock=self._beat,
            crash=crash,
            stats=self.stats,
        )
        self._left: list[Message] = []
        self._stages_due = 0.0
        self._stopping = False

    def _beat(self) -> int:
        """Return the time and record it as a sign of life. Long steps call this for the time."""
        self.stats.beat_at = now = self._clock()
        return now

    def stop(self) -> None:
        """Ask `run` to return after the cycle under way."""
        self._stopping = True

    def run(self) -> None:
        """Consume until stopped. Raises EngineStopped; the caller must end the process then."""
        self._intake = Intake(self._settings)
        consumer = self._intake.consumer
        transactions: Transactions | None = None
        try:
            transactions = self._transactions()
            self._lag = Lag(consumer, self.stats, self._time.now)
            consumer.subscribe(
                self._settings.sources,
                on_assign=self._assigned,
                on_revoke=self._revoked,
                on_lost=self._lost,
            )
            with GarbageCollection() as garbage:
                while not self._stopping:
                    self._cycle(self._intake, transactions)
                    garbage.collect()
                self._rest(self._intake, transactions)
            consumer.close()
        except (KafkaException, StoreCorruptedError) as error:
            self._give_up(transactions)
            raise EngineStopped(type(error).__name__, str(error)) from error
        except BaseException:
            self._give_up(transactions)
            raise
        finally:
            self.stats.state = "stopped"
            self._inserts.close()
            self._ownership.close()

    def _transactions(self) -> Transactions:
        return Transactions(
            clients.transactional_producer(self._settings),
            settings=self._settings,
            encode_signal=self._encode_signal,
            clock=self._beat,
            crash=self._crash,
        )

    def _give_up(self, transactions: Transactions | None) -> None:
        self._stopping = True
        self._intake.leave(transactions.abandon if transactions is not None else lambda: None)

    # Step 0: assignment, in the callbacks that the consumer makes while it is polled.

    def _assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        self._intake.disturbed()
        self.stats.state, self.stats.restore_moved_at = "restoring", self._clock()
        offsets = clients.committed_offsets(consumer, partitions, self._settings.patience_seconds, self._beat)
        taken = self._ownership.take(offsets)
        consumer.assign([TopicPartition(o.topic, o.number, o.next_offset) for o in taken])
        self.stats.assignments += 1
        self.stats.restored_changes += sum(r.changes for r in self._ownership.restored.values())
        self.stats.restore_seconds = sum(r.seconds for r in self._ownership.restored.values())
        self.stats.state, self.stats.ready_at = "running", self._clock()
        log.info("assigned %s", [f"{each.topic}-{each.number}" for each in taken])

    def _revoked(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        self._intake.disturbed()
        consumer.resume(partitions)  # a pause would outlast the loss of a partition and its return
        self._crash("in_revoke")
        self._ownership.park((each.topic, each.partition) for each in partitions)

    def _lost(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        if self._stopping:
            return  # nothing will be committed any more
        names = ", ".join(f"{each.topic}-{each.partition}" for each in partitions)
        raise EngineStopped("partitions lost", f"this worker was away longer than its session lasts, and had {names}")

    def _cycle(self, intake: Intake, transactions: Transactions) -> None:
        self._beat()
        self._left = []
        taken = self._inserts.alongside(intake.take(self._ownership.owned))
        entries = [self._processed(owned, records) for owned, records in taken]
        entries += self._staged(entries)
        self._settle(intake, transactions, entries)
        self._between([each.processor for each in (*self._ownership.owned.values(), *self._ownership.stages.values())])
        ticked = self._ticked(is_idle=self._is_idle(entries))
        self._settle(intake, transactions, ticked or ([] if entries else self._passed_marks()))
        self._count_undone()
        self._lag.update(self._ownership.owned.values())

    def _is_idle(self, entries: Sequence[Entry]) -> bool:
        """Tell whether stages do now what they have: where nothing came, and else once a second.

        Where each cycle brings an account something, time would never pass for the others of its number.
        """
        now = time.monotonic()
        if entries and now < self._stages_due:
            return False
        self._stages_due = now + _STAGES_S
        return True

    def _count_undone(self) -> None:
        """Note how much is left to do without another record, as far as it is known."""
        owned, stats = self._ownership.owned.values(), self.stats
        by_stages = stages.due(self._ownership.stages.values(), self._time, is_idle=True)
        behind = sum(not each.caught_up for each in owned)
        stats.owned, stats.undone = len(owned), behind + len(self._time.due(owned)) + sum(1 for _ in by_stages)

    def _rest(self, intake: Intake, transactions: Transactions) -> None:
        """Do what is due and what is committed to be done, before the worker leaves.

        Tables of workers that stand still are compared with a rebuild, in which nothing is left undone. Where others
        take the partitions over already, it is theirs to do.
        """
        deadline = time.monotonic() + _REST_S
        try:
            while time.monotonic() < deadline:
                self._beat()
                entries = self._ticked(is_idle=True)
                self._settle(intake, transactions, entries)
                if not entries or self.stats.state != "running":
                    return
        except EngineStopped as error:
            log.info("what is due is left to whoever owns the partitions next: %s", error)
            transactions.abandon()

    # Step 1: consume and reduce.

    def _processed(self, owned: Owned, records: list[Message]) -> Entry:
        batch = owned.processor.process(records)
        left = records[batch.records :]
        if left:
            self._left.extend(left)
            records = records[: batch.records]
        owned.has_left = bool(left)
        if not records:
            return self._entry(owned, batch, Checkpoint(owned.next_offset, owned.count, owned.partitions))
        standing = self._counted(owned, batch, records)
        owned.last_time = records[-1].timestamp()[1] * 1000
        return self._entry(owned, batch, Checkpoint(records[-1].offset() + 1, standing, owned.partitions))

    def _counted(self, owned: Owned, batch: Batch, records: list[Message]) -> DeadLetterCount:
        """Hold the batch against the dead-letter limit. Raises EngineStopped, naming the record that passed it."""
        bad = {letter.offset: letter for letter in batch.dead}
        letters = [bad.get(record.offset()) for record in records] if bad else []
        sources = [None if letter is None else letter.envelope.source for letter in letters]
        try:
            found = count(self._settings.dead_letters, owned.count, len(records), sources)
        except LimitPassedError as passed:
            letter = letters[passed.at] if letters else None
            offset, reason = (letter.offset, letter.reason) if letter is not None else (records[-1].offset(), "")
            self.stats.limit = (f"{owned.topic}-{owned.number}", str(offset), reason)
            raise stopped(passed, letter) from None
        if found.flood:
            self.stats.floods += 1
            log.warning(
                "%s-%d: %r alone passed the dead-letter limit; its bad records are put aside and others go on",
                owned.topic, owned.number, found.flood,
            )  # fmt: skip
        return found.standing

    def _staged(self, entries: Sequence[Entry]) -> list[Entry]:
        """Let stages take what their siblings hand over, and carry out what they have committed before."""
        return [
            self._entry(stage, stages.processor_of(stage).take(parts), _NOWHERE)
            for stage, parts in stages.fed(self._ownership.stages.values(), entries)
        ]

    def _ticked(self, *, is_idle: bool) -> list[Entry]:
        due = self._time.due(self._ownership.owned.values())
        self.stats.ticks += len(due)
        entries = [self._passed(owned, now) for owned, now in due]
        entries += self._staged(entries)
        served = {id(each.owned) for each in entries}
        waiting = [
            (stage, now)
            for stage, now in stages.due(self._ownership.stages.values(), self._time, is_idle=is_idle)
            if id(stage) not in served
        ]
        if waiting and not entries:  # a transaction needs offsets to be refused by
            sibling = waiting[0][0].siblings[0]
            entries.append(self._passed(sibling, sibling.last_time))
            entries += self._staged(entries)
            served = {id(each.owned) for each in entries}
        entries += [
            self._entry(stage, stage.processor.tick(now), _NOWHERE) for stage, now in waiting if id(stage) not in served
        ]
        return entries

    def _passed_marks(self) -> list[Entry]:
        """Commit past the marks of senders' transactions once nothing else is to be done.

        Otherwise a topic that ends in one would seem to hold a record that is never taken in.
        """
        if self._stopping:
            return []  # what was in hand may be void
        ending = [each for each in self._ownership.owned.values() if each.ends_in_marks]
        places = [Checkpoint(each.end_seen, each.count, each.partitions) for each in ending]
        return [self._entry(e, e.processor.tick(e.last_time), at) for e, at in zip(ending, places, strict=True)]

    def _passed(self, owned: Owned, now: int) -> Entry:
        batch = owned.processor.tick(now, is_caught_up=owned.caught_up and self._time.is_heard)
        return self._entry(owned, batch, Checkpoint(owned.next_offset, owned.count, owned.partitions))

    def _entry(self, owned: Owned, batch: Batch, checkpoint: Checkpoint) -> Entry:
        batch.signals = [*batch.signals, *self._summarise(batch)]
        self._inserts.gather(batch.rows)
        return Entry(owned, batch, checkpoint)

    def _settle(self, intake: Intake, transactions: Transactions, entries: list[Entry]) -> None:
        if not entries:
            return
        if not self._inserted(intake):
            self._left = []
            return
        self._crash("after_insert")
        self.stats.undone = self.stats.undone or 1
        transactions.commit(entries, intake.consumer.consumer_group_metadata())
        self._crash("after_commit")
        self._take_over(entries)
        intake.carry(self._left)
        self._left = []

    # Step 2: insert, as often as it takes while the sink is away.

    def _inserted(self, intake: Intake) -> bool:
        """Return False when the batch is void: its partitions were taken away, or the engine is to stop."""
        while True:
            try:
                self.stats.rows += self._inserts.settle()
            except SinkRefused as error:
                raise EngineStopped("sink refused", str(error)) from error
            except SinkUnavailable as error:
                log.warning("sink unavailable, waiting: %s", error)
                self.stats.state = "waiting for the sink"
                self.stats.sink_retries += 1
                self._lag.update(self._ownership.owned.values())
                if not intake.wait(self._settings.sink_retry_seconds, self._beat) or self._stopping:
                    self._inserts.forget()
                    return False
            else:
                self.stats.state = "running"
                return True

    # Step 4: take over.

    def _take_over(self, entries: Sequence[Entry]) -> None:
        now, stats = self._clock(), self.stats
        for entry in entries:
            owned, batch = entry.owned, entry.batch
            owned.processor.commit(batch)
            owned.next_offset, owned.count = entry.checkpoint.source, entry.checkpoint.count
            note_position(owned, entry.changelog_end, encode(entry.checkpoint), now)
            stats.records += batch.records
            stats.signals += len(batch.signals)
            stats.dead_letters += len(batch.dead)
            stats.duplicates += batch.duplicates
        stats.batches += 1
        stats.last_commit_at = now
        stats.clock_ahead = self._time.hear(entries[-1].stamp)
