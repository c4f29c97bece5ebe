"""A worker process of a replay: takes whole partitions, one after the other, from records to acknowledged rows.

It reads its job and its tasks from standard input and ends, with what it has in hand kept, when that is closed: so it
outlives neither Ctrl-C nor the death of whoever started it.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from infra import wiring
from infra.embedded.process import PRIVATE
from infra.settings import from_environment
from schemas.errors import RegistryUnavailableError
from schemas.topics import load_topics
from sinks.clickhouse import ClickHouseSink
from sinks.port import SinkError
from sinks.tables import TABLES
from streams.core.routes import KINDS
from streams.core.rules import overridden
from streams.live.engine.crash_points import no_crash
from streams.live.errors import EngineStopped
from streams.live.fold.partition import Partition
from streams.live.fold.parts import PartsCodec
from streams.live.fold.stage import Stage
from streams.live.store.port import StoreBusyError, StoreCorruptedError
from streams.live.store.rocks import RocksStore
from streams.live.worker.policies import PolicyWatch
from streams.replay import outbox, wire
from streams.replay.filler import Filler
from streams.replay.log import KafkaLog, LogError
from streams.replay.pace import Pace
from streams.replay.store import ReplayStore

if TYPE_CHECKING:
    from infra.settings import Settings
    from streams.core.rules import Rules
    from streams.live.engine.crash_points import CrashHook

_AT_ONCE = 10_000
_BUSY_S = 20.0
_WORD_S = 0.2
EXPECTED = (LogError, SinkError, EngineStopped, StoreBusyError, StoreCorruptedError, RegistryUnavailableError)


class Reporter:
    """Tells the parent how far this process got, some times a second."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._records = self._rows = 0
        self._last = time.monotonic()

    def moved(self, records: int, rows: int) -> None:
        self._records += records
        self._rows += rows
        if time.monotonic() - self._last >= _WORD_S:
            self.say()

    def say(self, message: wire.Told | None = None) -> None:
        """Tell what has come together, and then the message."""
        if self._records or self._rows:
            self._out.write(wire.line(wire.Moved(self._records, self._rows)))
        if message is not None:
            self._out.write(wire.line(message))
        self._out.flush()
        self._records = self._rows = 0
        self._last = time.monotonic()


class Worker:
    """Carries out tasks of one job. `stopping` asks it to end after the batch under way."""

    def __init__(
        self, settings: Settings, job: wire.Job, told: Reporter, stopping: threading.Event, crash: CrashHook
    ) -> None:
        self._settings, self._job, self._told, self._stopping, self._crash = settings, job, told, stopping, crash
        self._pace = Pace(job.per_second, time.monotonic)
        self._codec = wiring.codec(settings)
        self._parts = PartsCodec(KINDS.stage)
        self._has_stage = bool(wiring.engine_settings(settings).stage)
        self._rules = self._loaded_rules()
        self._log = KafkaLog(settings.kafka_bootstrap, wiring.librdkafka(settings), at_once=self._pace.batch(_AT_ONCE))
        self._sink = ClickHouseSink(wiring.clickhouse(settings), job.generation)

    def _loaded_rules(self) -> Rules:
        topic = f"{self._settings.topic_prefix}config"
        watch = PolicyWatch(wiring.engine_settings(self._settings), topic, self._codec)
        try:
            return overridden(watch.load(), self._job.overrides)
        finally:
            watch.close()

    def do(self, task: wire.Task) -> bool:
        """Carry out a task; return False when it was cut short."""
        done = self._fill_stage(task) if task.siblings else self._fill(task)
        if done:
            self._told.say(wire.Done())
            self._crash("between_partitions")
        return done

    def _fill(self, task: wire.Task) -> bool:
        store = self._store(task.topic, task.partition)
        try:
            position = max(store.position.changelog, task.start)
            self._told.say(wire.Opened(position))
            with self._filler(self._processor(task, store), store) as filler:
                for records in self._log.read((task.topic, task.partition), position, task.end):
                    filler.read(records)
                    if self._stopping.wait(self._pace.spent(len(records))):
                        filler.flush()
                        return False
                filler.end(task.end)
        finally:
            store.close()
        return True

    def _fill_stage(self, task: wire.Task) -> bool:
        """Let the stage of a number take what its partitions have handed over, all of which have been read."""
        store = self._store(task.topic, task.partition)
        siblings = [self._open(self._directory(topic, task.partition)) for topic in task.siblings]
        try:
            self._told.say(wire.Opened(task.end))
            stage = Stage(task.partition, store, rules=self._rules, ledgers=KINDS.stage, topic=task.topic, epoch=0)
            with self._filler(stage, store) as filler:
                outbox.take(stage, self._parts, filler, siblings, task.end)
        finally:
            store.close()
            for each in siblings:
                each.close()
        return True

    def _directory(self, topic: str, partition: int) -> Path:
        return Path(self._job.directory) / f"{topic}-{partition}"

    def _store(self, topic: str, partition: int) -> ReplayStore:
        return ReplayStore(self._open(self._directory(topic, partition)))

    def _filler(self, of: Partition | Stage, store: ReplayStore) -> Filler:
        return Filler(
            of,
            store,
            self._sink,
            clock=wiring.clock,
            tables=[name for name, table in TABLES.items() if not self._job.accounts or table.by_account],
            accounts=[account.encode() for account in self._job.accounts],
            show=self._told.moved,
            crash=self._crash,
            codec=self._parts if self._has_stage else None,
        )

    def _processor(self, task: wire.Task, store: ReplayStore) -> Partition:
        types = load_topics()[task.topic.removeprefix(self._settings.topic_prefix)].event_types
        return Partition(
            task.topic,
            task.partition,
            store,
            codec=self._codec,
            rules=self._rules,
            types=frozenset(types),
            partitions=self._log.partitions(task.topic),
            epoch=0,
        )

    def _open(self, directory: Path) -> RocksStore:
        """Open a partition's state; a process that was just killed may hold it for a moment yet."""
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                return RocksStore(directory)
            except StoreBusyError:
                if time.monotonic() > deadline or self._stopping.wait(_WORD_S):
                    raise
            except StoreCorruptedError:
                return RocksStore(directory)  # marked by the failure, so this one starts empty

    def close(self) -> None:
        self._log.close()
        self._sink.close()


def _tasks(source: IO[bytes], stopping: threading.Event) -> queue.SimpleQueue[wire.Task | None]:
    """Read tasks aside, so that the end of input is seen while one is under way."""
    found: queue.SimpleQueue[wire.Task | None] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            found.put(wire.task(line))
        stopping.set()
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    return found


def main(crash: CrashHook = no_crash) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(PRIVATE)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # whatever prints by itself belongs in the log
        told, stopping = Reporter(out), threading.Event()
        job = wire.job(sys.stdin.buffer.readline())
        try:
            worker = Worker(from_environment(os.environ), job, told, stopping, crash)
            tasks = _tasks(sys.stdin.buffer, stopping)
            while (task := tasks.get()) is not None and worker.do(task):
                pass
            worker.close()
        except EXPECTED as error:
            told.say(wire.Failed(str(error)))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
