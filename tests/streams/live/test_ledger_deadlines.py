"""Ledgers that time wakes, in the live partition: batches, crashes, restarts and replays leave the same tables."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core.algebra import RecordedEvent
from streams.core.limits import NEVER
from streams.core.rows import TABLES
from streams.core.rules import Rules
from streams.live.fold import partition as fold
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.streams.core.test_ledgers_by_time import STRICT, answered, opened
from tests.support.batches import Tables, recorded, shown, written
from tests.support.histories import START
from tests.support.levels import LEVELS
from tests.support.machine import Machine
from tests.support.records import CODEC, Record
from tests.support.warmth import DAY, KINDS, ROWS
from tests.support.warmth_histories import mixed_histories

TYPES = frozenset(name for topic in ("survey", "support", "billing") for name in load_topics()[topic].event_types)
FAR = START + 400 * DAY
Step = list[Record] | int | Rules
"""Records that come, a time up to which time passes, or rules that hold from now on."""


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)


def partition_of(store: MemoryStore, rules: Rules) -> Partition:
    return Partition("all", 0, store, codec=CODEC, rules=rules, types=TYPES, epoch=0, kinds=KINDS)


class Worker:
    """A partition, and what its batches left in the tables and sent as signals."""

    def __init__(self, rules: Rules = LEVELS) -> None:
        self.store, self.rules = MemoryStore(), rules
        self.partition = partition_of(self.store, rules)
        self.tables, self.signals = Tables(), [""]

    def restart(self) -> None:
        before = self.partition.next_deadline()
        self.partition = partition_of(self.store, self.rules)
        assert before == 0 or self.partition.next_deadline() == before

    def done(self, batch: Batch) -> None:
        assert not batch.dead
        written(self.tables, batch)
        self.signals += [each.signal_id for each in batch.signals]
        self.partition.commit(batch)

    def take(self, records: list[Record]) -> None:
        while records:
            batch = self.partition.process(records)
            self.done(batch)
            records = records[batch.records :]

    def tick(self, now: int) -> None:
        while self.partition.next_deadline() <= now:
            self.done(self.partition.tick(now))

    def go(self, step: Step) -> None:
        match step:
            case int():
                self.tick(step)
            case Rules():
                self.rules = step
                self.partition.use(step)
            case _:
                self.take(step)

    def lose(self, step: Step, chance: Any) -> None:
        """Throw batches of a step away, whose rows may be in the tables by then, or restart."""
        if chance.random() < 0.3 and not isinstance(step, Rules):
            batch = self.partition.tick(step) if isinstance(step, int) else self.partition.process(step)
            written(self.tables, batch)
        if chance.random() < 0.3:
            self.restart()


@st.composite
def scripts(draw: Any) -> list[Step]:
    records = recorded([each for each in draw(mixed_histories()) if admitted(each)])
    steps: list[Step] = []
    now = START
    for one in records:
        now += draw(st.sampled_from([0, 0, 1, 30, 200])) * DAY // 24
        steps += [[one], now]
        if draw(st.integers(0, 5)) == 0:
            steps.append(draw(st.sampled_from([LEVELS, STRICT])))
    return [*steps, FAR]


def admitted(each: RecordedEvent) -> bool:
    """Whether the partition takes an event in: other tests are about refusals."""
    batch = partition_of(MemoryStore(), LEVELS).process(recorded([each]))
    return not batch.dead


@given(scripts(), st.randoms(use_true_random=False), st.sampled_from([1, 2, 2_000]))
def test_neither_batches_nor_crashes_show(script: list[Step], chance: Any, at_once: int) -> None:
    """Ledgers wake by the index, the commit and the restore that entities have: nothing is lost or raised twice."""
    calm, harried = Worker(), Worker()
    for step in script:
        calm.go(step)
    most, fold.SETTLE_AT_ONCE = fold.SETTLE_AT_ONCE, at_once
    try:
        left: list[Record] = []
        for step in script:
            if isinstance(step, list):
                left += step
                continue
            for each in (left, step):
                harried.lose(each, chance)
                harried.go(each)
            left = []
    finally:
        fold.SETTLE_AT_ONCE = most
    assert shown(harried.tables) == shown(calm.tables)
    assert harried.signals == calm.signals


@given(scripts())
def test_a_replay_ends_like_live(script: list[Step]) -> None:
    """A replay reads all events and lets time pass once, at the end: tables must not show it."""
    live, replay = Worker(), Worker()
    for step in script:
        if not isinstance(step, Rules):
            live.go(step)
        if isinstance(step, list):
            replay.go(step)
    replay.tick(FAR)
    assert of_figures(replay.tables) == of_figures(live.tables)


def of_figures(tables: Tables) -> dict[Any, Any]:
    """Return rows that follow from events and time alone; the log of changes and of events follows arrival."""
    return {key: row for key, row in shown(tables).items() if key[0] not in ("metric_change", "event")}


def test_a_partition_waits_for_its_ledgers() -> None:
    """An account of which nothing comes any more must still cool: nobody would wake its ledger otherwise."""
    worker = Worker(Rules())
    worker.take(recorded([answered_by_id(1, 9)]))
    wanted = [START + day * DAY for day in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    found = []
    while (at := worker.partition.next_deadline()) < NEVER:
        found.append(at)
        worker.tick(at)
        worker.restart()
    assert found == wanted
    assert not [row for key, row in shown(worker.tables).items() if key[0] == "toy_watch" and not row[-1]]


def test_time_that_nobody_looked_at_passes_in_one_batch() -> None:
    """After an outage of weeks deadlines fire in their order, each with its own time, in few transactions."""
    live, after = Worker(Rules()), Worker(Rules())
    records = recorded([answered_by_id(1, 3), ticket_by_id(2)])
    live.take(records)
    after.take(records)
    for day in range(60):
        live.tick(START + day * DAY)
    for _ in ("the plan is committed", "and carried out"):
        after.done(after.partition.tick(START + 60 * DAY))
    assert after.partition.next_deadline() > START + 60 * DAY
    assert shown(after.tables) == shown(live.tables)
    assert after.signals == live.signals
    machine = Machine(kinds=KINDS, rules=Rules())
    machine.feed(answered_by_id(1, 3))
    machine.feed(ticket_by_id(2))
    machine.tick(START + 60 * DAY)
    assert [each.signal_id for each in machine.signals] == after.signals[1:]


def answered_by_id(number: int, nps: int) -> RecordedEvent:
    return named(answered(number, 0, nps), number)


def ticket_by_id(number: int) -> RecordedEvent:
    return named(opened(number, 0), number)


def named(each: RecordedEvent, number: int) -> RecordedEvent:
    event = msgspec.structs.replace(each.event, event_id=f"00000000-0000-4000-8000-{number:012d}", source="ovey:main")
    return msgspec.structs.replace(each, event=event)
