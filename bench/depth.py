"""Measure what one event costs when so many of its entity came before: one event per entity and batch, many entities.

A partition in memory, without servers, is brought to a depth in large batches. Then copies of it take in one more event
of each entity per batch, and again: processor time from the record's bytes to changelog records and rows, inserts
apart. Time is bounded in seconds of the processor, so that a busy machine bends figures and not what is measured.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from bench.depth_histories import HISTORIES, LATE_EVERY, WITH_LATE
from schemas.codec import Codec
from schemas.topics import load_topics
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.depth_histories import History
    from bench.record import Made

    Say = Callable[[str], None]

IN_ORDER, LATE, FIRST_CORRECTED = "in_order", "late", "first_corrected"
CHUNK = 500
HOPELESS = 4
DEEP, FEWEST = 1_000, 12
"""Entities are as many as together are so deep, but not fewer than that: a partition remembers some that are long."""
ENOUGH = {IN_ORDER: 24, FIRST_CORRECTED: 24, LATE: LATE_EVERY}
"""Events of a row at least, if there is time; with fewer late ones than one there is no figure."""
_CODEC = Codec()


@dataclass(frozen=True, slots=True)
class Limits:
    """Depths, and seconds of the processor: to bring a history to all of them, and to measure one row.

    `more_s` is how long entities beyond the first may take to reach a depth, `least_s` how long a row is measured.
    """

    depths: tuple[int, ...]
    build_s: float
    more_s: float
    least_s: float
    most_s: float


FULL = Limits((10, 100, 1_000, 10_000), 45.0, 10.0, 0.3, 12.0)
QUICK = Limits((10, 100), 2.0, 0.5, 0.05, 1.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: the mean over `events` events of `entities` entities; None where time was up, or an event was refused.

    `reached` is how many events of an entity came before, fewer than `depth` where they took too long; `refused` how
    many of these, and of those measured, one entity refused.
    """

    history: str
    depth: int
    order: str
    cpu_us_per_event: float | None
    changelog_bytes_per_event: float | None
    refused: int
    entities: int
    events: int
    reached: int


def as_json(found: Sequence[Cost]) -> list[dict[str, Any]]:
    return [{"name": "depth", **asdict(each)} for each in found]


def measure_depth(
    limits: Limits,
    say: Say,
    histories: Sequence[History] = HISTORIES,
    orders: Sequence[str] = (IN_ORDER, FIRST_CORRECTED),
) -> list[Cost]:
    """Measure histories at all depths, in some orders."""
    found: list[Cost] = []
    for history in histories:
        found += _costs(history, orders, limits, say)
        if history.name in WITH_LATE:
            found += _costs(history, (LATE,), limits, say)
    return found


@dataclass(slots=True)
class _Entity:
    """Return how many events it was given and how many it refused, and seconds for one of those given last."""

    depth: int = 0
    refused: int = 0
    last_s: float = 0.0


class Grown:
    """Entities of one history in one partition, as deep as they were made."""

    def __init__(self, history: History, *, with_late: bool) -> None:
        self.history, self.with_late = history, with_late
        self._store = MemoryStore()
        self._partition = opened(history, self._store)
        self._entities: defaultdict[int, _Entity] = defaultdict(_Entity)
        self.spent = 0.0

    def copy(self) -> Partition:
        store = MemoryStore()
        store.put_all(dict(self._store.scan()))
        return opened(self.history, store)

    def reached(self, entity: int) -> int:
        return self._entities[entity].depth

    def refused(self, entity: int) -> int:
        return self._entities[entity].refused

    def deepen(self, entity: int, depth: int, most_s: float) -> bool:
        """Bring one entity to a depth, in large batches; tell whether it got there in time.

        It is given up where the rest, at what an event took last, would take many times what is left.
        """
        until, grown = self.spent + most_s, self._entities[entity]
        while (known := grown.depth) < depth:
            left = until - self.spent
            if left <= 0 or (depth - known) * grown.last_s > left * HOPELESS:
                return False
            numbers = range(known, min(depth, known + CHUNK))
            records = [self.history.record(entity, each, late=self.with_late and _is_late(each)) for each in numbers]
            began = time.process_time()
            batch = self._partition.process(records)
            self._partition.commit(batch)
            spent = time.process_time() - began
            self.spent += spent
            grown.depth += batch.records
            grown.refused += len(batch.dead)
            grown.last_s = spent / batch.records
        return True


def opened(history: History, store: MemoryStore) -> Partition:
    return Partition(history.topic, 0, store, codec=_CODEC, rules=Rules(), types=_types(history.topic))


@cache
def _types(topic: str) -> frozenset[str]:
    return frozenset(load_topics()[topic].event_types)


def _costs(history: History, orders: Sequence[str], limits: Limits, say: Say) -> Iterator[Cost]:
    grown = Grown(history, with_late=LATE in orders)
    for depth in limits.depths:
        entities = _deepened(grown, depth, limits)
        for order in orders:
            cost = Measuring(grown, entities, depth, order).cost(limits)
            say(f"{history.name}, {order}, {depth:,} deep: {cost.events:,} events measured")
            yield cost


def _deepened(grown: Grown, depth: int, limits: Limits) -> int:
    """Bring entities to a depth and return how many got there: one if there is time, more if they take little."""
    start, last = grown.spent, 0.0
    for entity in range(max(FEWEST, DEEP // depth)):
        before = grown.spent
        left = limits.build_s - before
        if entity:
            left = min(left, limits.more_s - (before - start))
        if left < last or not grown.deepen(entity, depth, left):
            return entity
        last = grown.spent - before
    return entity + 1


class Measuring:
    """Entities of one depth, which take in one event each per batch; those counted so far."""

    def __init__(self, grown: Grown, entities: int, depth: int, order: str) -> None:
        self._grown, self._entities, self._depth, self._order = grown, entities, depth, order
        self._places = count()
        self._events = self._bytes = 0
        self._spent = 0.0

    def cost(self, limits: Limits) -> Cost:
        taken = self._entities > 0 and self._repeated(limits)
        enough = taken and (self._order != LATE or self._events >= ENOUGH[LATE])
        return Cost(
            history=self._grown.history.name,
            depth=self._depth,
            order=self._order,
            cpu_us_per_event=self._spent / self._events * 1e6 if enough else None,
            changelog_bytes_per_event=self._bytes / self._events if enough else None,
            refused=self._grown.refused(0) + (self._entities > 0 and not taken),
            entities=self._entities,
            events=self._events if enough else 0,
            reached=min(self._depth, self._grown.reached(0)),
        )

    def _repeated(self, limits: Limits) -> bool:
        """Measure copies until there is enough, or time is up; tell whether they took all events in."""
        while self._spent < limits.most_s and (self._events < ENOUGH[self._order] or self._spent < limits.least_s):
            partition = self._grown.copy()
            for turn in range(1 + max(2, self._depth // 50)):
                if not self._round(partition, turn):
                    return False
                if self._spent >= limits.most_s:
                    return True
        return True

    def _round(self, partition: Partition, turn: int) -> bool:
        """Give each entity one event; tell whether all were taken. The first round only fills what a copy remembers."""
        records = [self._next(entity, self._depth + turn, first=turn == 0) for entity in range(self._entities)]
        while records:
            began = time.process_time()
            batch = partition.process(records)
            partition.commit(batch)
            spent = time.process_time() - began
            if batch.dead:
                return False
            records = records[batch.records :]
            if turn:
                self._events += batch.records
                self._spent += spent
                self._bytes += sum(len(key) + len(value or b"") for key, value in batch.changes.items())
        return True

    def _next(self, entity: int, number: int, *, first: bool) -> Made:
        if first or self._order == IN_ORDER:
            return self._grown.history.record(entity, number)
        if self._order == FIRST_CORRECTED:
            return self._grown.history.correction(entity, number)
        return self._grown.history.record(entity, number, late=_is_late(next(self._places)))


def _is_late(number: int) -> bool:
    return number % LATE_EVERY == LATE_EVERY // 2
