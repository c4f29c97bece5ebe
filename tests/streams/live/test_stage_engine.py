"""The account stage on a real broker: two workers, numbers that move between them, and ends between two steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from infra.stack import Stack
from sinks.port import Rows
from streams.core.algebra import RecordedEvent
from streams.core.rows import TABLES
from streams.core.rules import Rules
from streams.live.engine.crash_points import no_crash
from streams.live.engine.engine import Engine
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from streams.live.fold.partition import Partition
from streams.live.fold.stage import Stage
from streams.live.store.port import Store
from tests.streams.core.test_ledgers_by_time import answered, issued, opened
from tests.streams.live.harness import PARTITIONS, Run
from tests.streams.live.test_ledger_deadlines import FAR, Worker
from tests.support.batches import Tables, recorded, shown
from tests.support.known import STAGE_KNOWN, KnownRow
from tests.support.records import CODEC, Record, uid
from tests.support.siblings import TOPICS, TYPES, kinds_with, topic_of
from tests.support.topics import create_topics, delete_topic
from tests.support.waiting import wait_until
from tests.support.warmth import ROWS

pytestmark = pytest.mark.servers
ACCOUNTS = 40
KNOWN_AT_LAST = {f"a{number}": 8 + 2 - 2 + 10 for number in range(ACCOUNTS)}


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in (*ROWS, KnownRow):
        monkeypatch.setitem(TABLES, row.TABLE, row)


@pytest.fixture
def run(stack: Stack, prefix: str, tmp_path: Path) -> Run:
    """Topics of four siblings, and the changelog of their stage."""
    run = Run(stack.bootstrap, tmp_path, prefix, TOPICS)
    run.create_topics(**{"message.timestamp.type": "LogAppendTime"})
    compact = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
    create_topics(stack.bootstrap, NewTopic(f"{prefix}account-changelog", PARTITIONS, 1, config=compact))
    return run


class Warehouse:
    """Rows of all workers, as the tables keep them: of one key the highest version holds, the last of equal ones."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._lock = threading.Lock()

    def insert(self, rows: Rows) -> None:
        with self._lock:
            for table, several in rows.items():
                for row in several:
                    key = (table, *row[: TABLES[table].KEY])
                    if key not in self.tables or self.tables[key][-2] <= row[-2]:
                        self.tables[key] = tuple(row)

    def close(self) -> None:
        """Hold nothing."""

    def shown(self) -> Tables:
        with self._lock:
            return toy(self.tables)

    def known(self) -> dict[Any, int]:
        """Return the points that are known of each account by now."""
        with self._lock:
            rows = [row for key, row in shown(self.tables).items() if key[0] == KnownRow.TABLE]
        return {account: points for account, _at, points in sorted(rows)}


def toy(tables: Tables) -> Tables:
    names = {row.TABLE for row in ROWS}
    return Tables({key: row for key, row in shown(tables).items() if key[0] in names})


@contextmanager
def worker(run: Run, warehouse: Warehouse, crash: Callable[[str], None] = no_crash) -> Iterator[Engine]:
    """Run an engine with a stage in a thread until the block is left, or until it has ended by itself."""

    def open_partition(topic: str, number: int, partitions: int, store: Store) -> Partition:
        types = TYPES[topic.removeprefix(run.prefix)]
        return Partition(
            topic, number, store, codec=CODEC, rules=Rules(), types=types, partitions=partitions,
            kinds=kinds_with(STAGE_KNOWN),
        )  # fmt: skip

    patient = {"session_seconds": 30.0, "transaction_seconds": 30.0, "batch_records": 40}
    engine = Engine(
        settings=EngineSettings(**{**run.settings(), **patient, "stage": "account"}),
        sink=warehouse,
        open_partition=open_partition,
        open_stage=lambda number, store: Stage(number, store, rules=Rules(), ledgers=STAGE_KNOWN),
        encode_signal=lambda signal: signal.signal_id.encode(),
        clock=lambda: time.time_ns() // 1000,
        crash=crash,
    )
    outcome: list[BaseException] = []

    def go() -> None:
        try:
            engine.run()
        except BaseException as error:  # noqa: BLE001 - judged below, in the test's own thread
            outcome.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.stop()
        thread.join(120)
        assert not thread.is_alive()
        assert all(isinstance(each, EngineStopped) and each.reason == "planted" for each in outcome), outcome


def events() -> list[RecordedEvent]:
    found = []
    for number in range(ACCOUNTS):
        for place, one in enumerate((answered(1, 0, 8), opened(2, 1), issued(3, 2), answered(4, 9, 10, "2"))):
            event = msgspec.structs.replace(one.event, account_id=f"a{number}", event_id=uid(10 * number + place))
            found.append(msgspec.structs.replace(one, event=event))
    return found


def feed(run: Run, records: list[Record]) -> None:
    producer = Producer({"bootstrap.servers": run.bootstrap, "partitioner": "murmur2_random"})
    for record in records:
        producer.produce(run.prefix + topic_of(record), record.value(), record.key())
    assert producer.flush(60) == 0


def expected(records: list[Record]) -> Tables:
    one = Worker(Rules())
    one.take(records)
    one.tick(FAR)
    return toy(one.tables)


def test_numbers_that_move_between_workers_take_their_stage_along(run: Run) -> None:
    """A stage that stayed behind, or came without its state, would say of an account what half of its topics said."""
    records, warehouse = recorded(events()), Warehouse()
    feed(run, records[: len(records) // 2])
    with worker(run, warehouse) as first:
        wait_until(lambda: first.stats.batches > 3)
        with worker(run, warehouse) as second:
            wait_until(lambda: first.stats.assignments > 1 and second.stats.assignments > 0)
            feed(run, records[len(records) // 2 :])
            run.drain()
        wait_until(lambda: first.stats.assignments > 2)
        wanted = expected(records)
        wait_until(lambda: warehouse.shown() == wanted)
        wait_until(lambda: warehouse.known() == KNOWN_AT_LAST)
    assert {key[1] for key in wanted} == {f"a{number}" for number in range(ACCOUNTS)}


@pytest.mark.parametrize(
    ("point", "ends"), [("after_insert", (1, 2, 1)), ("before_commit", (1, 2, 1)), ("after_commit", (1, 1))]
)
def test_an_end_between_two_steps_leaves_nothing_behind(run: Run, point: str, ends: tuple[int, ...]) -> None:
    """What was inserted and never committed comes again, whatever its siblings bring next; nothing counts twice.

    Each end is one that every life comes to, however few batches the records come in: parts are folded behind them.
    """
    records, warehouse = recorded(events()), Warehouse()
    feed(run, records)
    for time_of_end in ends:
        with worker(run, warehouse, _ends(point, time_of_end)) as dying:
            wait_until(lambda dying=dying: dying.stats.state == "stopped")
    with worker(run, warehouse) as engine:
        run.drain()
        wait_until(lambda: engine.stats.owned == len(TOPICS) * PARTITIONS and not engine.stats.undone)
        assert warehouse.shown() == expected(records), "it said that nothing was left to do"
        assert warehouse.known() == KNOWN_AT_LAST


def _ends(point: str, at: int) -> Callable[[str], None]:
    passed = 0

    def hook(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == at:
            raise EngineStopped("planted", point)

    return hook


def test_a_stage_whose_changelog_is_lost_is_refused(run: Run, stack: Stack) -> None:
    """A stage that began from nothing would miss all that its siblings have said before."""
    feed(run, recorded(events()))
    with worker(run, Warehouse()):
        run.drain()
    assert run.read("account-changelog")
    delete_topic(stack.bootstrap, f"{run.prefix}account-changelog")
    create_topics(stack.bootstrap, NewTopic(f"{run.prefix}account-changelog", PARTITIONS, 1))
    with pytest.raises(AssertionError, match="state lost"), worker(run, Warehouse()) as refused:
        wait_until(lambda: refused.stats.state == "stopped")


def test_nothing_to_do_costs_no_transaction(run: Run) -> None:
    """Time passes for a stage without any deadline: no commit may come of it."""
    records: list[Any] = recorded(events())[:8]
    feed(run, records)
    warehouse = Warehouse()
    with worker(run, warehouse) as engine:
        wanted = expected(records)
        wait_until(lambda: warehouse.shown() == wanted)
        time.sleep(1)
        batches = engine.stats.batches
        time.sleep(2)
        assert engine.stats.batches == batches
