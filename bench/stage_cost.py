"""Measure what the account stage adds to an event: `python -m bench.stage_cost` prints it; no servers.

Partitions of one number and their stage, in memory, take in events as one worker does, in cycles of bounded length.
Events are stored a moment after they happened, as in live traffic. Time is the processor's, from a record's bytes to
changelog records and rows, inserts apart: of the partitions, which is all there is without health, and of the stage.
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from bench import events, mixed_billing
from bench.encoding import ResponseEncoder
from bench.record import Made
from schemas.codec import Codec
from schemas.topics import load_topics
from streams.core.routes import KINDS
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.fold.parts import gathered
from streams.live.fold.stage import Stage
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Taken = tuple[str, Made]

TOPICS = ("survey", "billing", "support", "reference")
START = 1_790_000_000_000_000
CYCLE = 2_500
"""Events of a cycle: a quarter of what a worker takes at most, for it has four partitions of a topic."""
ACCOUNTS = 2_500
LAG_US = 200_000
_CODEC = Codec()
_TYPES = {topic: frozenset(load_topics()[topic].event_types) for topic in TOPICS}


class Cost(NamedTuple):
    """Processor time of an event in microseconds, and events that were measured."""

    what: str
    events: int
    partitions: float
    stage: float

    @property
    def ratio(self) -> float:
        """Return the rate with the stage against that without it."""
        return self.partitions / (self.partitions + self.stage)


class Number:
    """Partitions of one number and their stage."""

    def __init__(self) -> None:
        rules = Rules()
        self._partitions = {
            topic: Partition(topic, 0, MemoryStore(), codec=_CODEC, rules=rules, types=_TYPES[topic])
            for topic in TOPICS
        }
        self._stage = Stage(0, MemoryStore(), rules=rules, ledgers=KINDS.stage)
        self.partitions_s = self.stage_s = 0.0

    def begin(self) -> None:
        """Begin to measure, once all that was taken is carried out."""
        self.cycle(())
        self.partitions_s = self.stage_s = 0.0

    def cycle(self, records: Iterable[Taken]) -> None:
        """Take a cycle of records, and let the stage carry out what the one before has brought."""
        by_topic: dict[str, list[Made]] = {}
        for topic, record in records:
            by_topic.setdefault(topic, []).append(record)
        began = time.process_time()
        parts = []
        for topic, mine in by_topic.items():
            partition = self._partitions[topic]
            while mine:
                batch = partition.process(mine)
                partition.commit(batch)
                parts.append(batch.machine.parts)
                mine = mine[batch.records :]  # noqa: PLW2901 - what is left comes again
        handed = time.process_time()
        staged = self._stage.take(gathered(parts))
        self._stage.commit(staged)
        self.partitions_s += handed - began
        self.stage_s += time.process_time() - handed


def answers(count: int, accounts: int) -> Iterator[Taken]:
    """Yield answers as the topic of `python -m bench` has them."""
    encode = ResponseEncoder()
    for number, fields in enumerate(events.responses(count, START, accounts=accounts)):
        stored = fields["occurred_at"] + LAG_US
        yield "survey", Made(number, fields["account_id"].encode(), encode(fields), stored // 1000)


def money(count: int, accounts: int) -> Iterator[Taken]:
    """Yield survey and billing events at one to three."""
    windows = mixed_billing.windows(_CODEC, START, mixed_billing.WINDOW_US, accounts, itertools.count())
    stored = START
    for number, (topic, key, value) in enumerate(itertools.islice(itertools.chain.from_iterable(windows), count)):
        _, fields = _CODEC.decode_array(value)
        stored = max(stored, fields[3] + LAG_US)
        yield topic, Made(number, key, value, stored // 1000)


def measured(what: str, records: Iterable[Taken], first: int = 0, cycle: int = CYCLE) -> Cost:
    """Measure events from the `first` on, by which accounts are known."""
    number, at, taken = Number(), 0, 0
    records = iter(records)
    while some := list(itertools.islice(records, cycle)):
        number.cycle(some)
        at, taken = at + len(some), taken + len(some)
        if at - len(some) < first <= at:
            number.begin()
            taken = 0
    number.cycle(())
    return Cost(what, taken, number.partitions_s / taken * 1e6, number.stage_s / taken * 1e6)


def deep(facts: int, accounts: int = 4, cycles: int = 50) -> Cost:
    """Measure one answer of each account a cycle, where each account has so many before."""
    number, records = Number(), answers((facts + cycles) * accounts, accounts)
    before = facts * accounts
    for _ in range(0, before, CYCLE):
        number.cycle(itertools.islice(records, min(CYCLE, before)))
    number.begin()
    taken = 0
    for _ in range(cycles):
        some = list(itertools.islice(records, accounts))
        number.cycle(some)
        taken += len(some)
    number.cycle(())
    said = f"answers, {facts:,} of each account before"
    return Cost(said, taken, number.partitions_s / taken * 1e6, number.stage_s / taken * 1e6)


def main(scale: int = 1) -> None:
    """Print a table in Markdown."""
    print("| events | measured | partitions, µs | stage, µs | rate against without |\n|---|---:|---:|---:|---:|")
    cycle, first = CYCLE // scale, 20_000 // scale
    _show(measured("answers", answers(60_000 // scale, ACCOUNTS // scale), first, cycle))
    _show(measured("money", money(60_000 // scale, ACCOUNTS // scale), first, cycle))
    _show(deep(10))
    _show(deep(10_000 // scale))


def _show(cost: Cost) -> None:
    figures: Sequence[str] = (f"{cost.events:,}", f"{cost.partitions:.0f}", f"{cost.stage:.0f}", f"{cost.ratio:.2f}")
    print("|", " | ".join((cost.what, *figures)), "|", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1)
