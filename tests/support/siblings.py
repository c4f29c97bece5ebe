"""Partitions of one number and their stage, without a broker: cycles that are committed, lost, or end a life."""

from collections.abc import Mapping
from typing import Any

from schemas.topics import load_topics
from streams.core import routes
from streams.core.algebra import Signal
from streams.core.declarations import Kinds, Ledger
from streams.core.machine import Machine
from streams.core.rules import Rules
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.fold.parts import gathered
from streams.live.fold.stage import Stage, time_of
from streams.live.store.memory import MemoryStore
from tests.support.batches import Tables, shown, written
from tests.support.records import CODEC, Record
from tests.support.warmth import LEDGERS, REDUCERS, WARMTH, WARMTH_LEDGER, WATCH, WATCH_LEDGER

TOPICS = ("survey", "billing", "support", "reference")
TYPES = {topic: frozenset(load_topics()[topic].event_types) for topic in TOPICS}
STAGE: Mapping[str, Ledger[Any, Any]] = {WARMTH: WARMTH_LEDGER, WATCH: WATCH_LEDGER}
"""The toy's ledgers where members of three topics feed them."""
OWN = {prefix: ledger for prefix, ledger in LEDGERS.items() if prefix not in STAGE}


def kinds_with(stage: Mapping[str, Ledger[Any, Any]]) -> Kinds:
    return Kinds(REDUCERS, OWN, lambda event: REDUCERS[routes.reducer_of(event).prefix], stage)


def topic_of(record: Record) -> str:
    """Return the topic whose partition a record is in."""
    event_type, _ = CODEC.decode_array(record.value())
    return next(topic for topic, types in TYPES.items() if event_type in types)


class Siblings:
    """Four partitions and a stage, their committed stores, and the tables that all batches were inserted into."""

    def __init__(
        self,
        records: list[Record],
        rules: Rules,
        stage: Mapping[str, Ledger[Any, Any]] = STAGE,
        epoch: int | None = None,
        kinds: Kinds | None = None,
    ) -> None:
        self.rules, self.ledgers, self.epoch = rules, stage, epoch
        self.kinds = kinds or kinds_with(stage)
        self.left: dict[str, list[Record]] = {topic: [] for topic in TOPICS}
        for record in records:
            self.left[topic_of(record)].append(record)
        self.read = dict.fromkeys(TOPICS, 0)
        self.stores = {name: MemoryStore() for name in (*TOPICS, "account")}
        self.tables, self.signals = Tables(), list[Signal]()
        self.now = 0
        self.begin()

    def begin(self) -> None:
        """Open all from what was committed."""
        kinds = self.kinds
        self.partitions = {
            topic: Partition(
                topic, 0, self.stores[topic], codec=CODEC, rules=self.rules, types=TYPES[topic], epoch=self.epoch,
                kinds=kinds,
            )
            for topic in TOPICS
        }  # fmt: skip
        self.stage = Stage(0, self.stores["account"], rules=self.rules, ledgers=self.ledgers, epoch=self.epoch)

    def use(self, rules: Rules) -> None:
        self.rules = rules
        for each in (*self.partitions.values(), self.stage):
            each.use(rules)

    def cycle(self, counts: Mapping[str, int], fate: str = "commit") -> None:
        """Read so many records of each topic, and let the stage take what they bring."""
        batches = {
            topic: self.partitions[topic].process(self.left[topic][:count])
            for topic, count in counts.items()
            if count and self.left[topic]
        }
        if self._settle(batches, self._staged(batches), fate):
            for topic, batch in batches.items():
                if batch.records:
                    self.read[topic] = self.left[topic][batch.records - 1].timestamp()[1] * 1000
                del self.left[topic][: batch.records]

    def tick(self, now: int, fate: str = "commit") -> bool:
        """Look at the time, which never goes back; return whether it had something to do."""
        self.now = max(self.now, now)
        times = {topic: self.time(topic) for topic in TOPICS}
        batches = {
            topic: self.partitions[topic].tick(times[topic], is_caught_up=not self.left[topic])
            for topic in TOPICS
            if self.partitions[topic].next_deadline() <= times[topic]
        }
        parts = any(batch.machine.parts for batch in batches.values())
        staged = self._staged(batches) if parts else None
        if not parts and self.stage.next_deadline() <= max(0, self.stage_time()):
            staged = self.stage.tick(self.stage_time())
        if not batches and staged is None:
            return False
        self._settle(batches, staged, fate)
        return True

    def time(self, topic: str) -> int:
        """Return how far time has come in a topic: to its last record where one waits."""
        return self.read[topic] if self.left[topic] else self.now

    def stage_time(self) -> int:
        return time_of((self.partitions[topic], self.time(topic)) for topic in TOPICS)

    def _staged(self, batches: Mapping[str, Batch]) -> Any:
        parts = gathered(batch.machine.parts for batch in batches.values())
        return self.stage.take(parts) if parts or self.stage.has_work else None

    def _settle(self, batches: Mapping[str, Batch], staged: Any, fate: str) -> bool:
        """Insert what a cycle brought, and commit it or not: "crash" begins a new life, "void" goes on in this one."""
        for batch in (*batches.values(), *([] if staged is None else [staged])):
            assert not batch.dead
            written(self.tables, batch)
        if fate != "commit":
            if fate == "crash":
                self.begin()
            return False
        for topic, batch in batches.items():
            self.partitions[topic].commit(batch)
            self.signals += batch.signals
        if staged is not None:
            self.stage.commit(staged)
            self.signals += staged.signals
        return True

    def finish(self, until: int) -> Tables:
        """Read what is left and let time pass; return what tables show."""
        while any(self.left.values()):
            self.cycle({topic: len(left) for topic, left in self.left.items()})
        while self.tick(until):
            pass
        return figures(self.tables)

    def state(self) -> dict[bytes, Any]:
        """Return what the ledgers of the stage hold: their entries in order, and when time wakes them."""
        store = self.stores["account"]
        machine = Machine(store.get, self.rules, {}, self.ledgers)
        heads = [key for key, _ in store.scan() if key[:1].decode(errors="replace") in self.ledgers]
        logs = {key: machine.book(self.ledgers[chr(key[0])], key) for key in heads}
        held = {key: (list(log.every_item()), log.accumulator(), log.head.deadline) for key, log in logs.items()}
        return {key: each for key, each in held.items() if each[0]}


def figures(tables: Tables) -> Tables:
    """Return rows that follow from events and time alone; the logs of changes and of events follow arrival."""
    return Tables({key: row for key, row in shown(tables).items() if key[0] not in ("metric_change", "event")})
