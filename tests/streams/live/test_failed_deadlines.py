"""Mistakes of our own core that time brings up: the deadline is put aside, all else goes on, a mended release too."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.stack import Stack
from schemas.topics import load_topics
from sinks import generations
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse
from streams.core import routes
from streams.core.declarations import Kinds
from streams.core.outputs import Outputs, Scope
from streams.core.rules import Rules
from streams.live.fold import failed_deadlines
from streams.live.fold import partition as fold
from streams.live.fold.failed_deadlines import ASIDE
from streams.live.fold.partition import Partition
from streams.live.store.port import Store, StoreCorruptedError
from tests.streams.live.harness import Run
from tests.streams.live.in_process import Flaky, engine
from tests.streams.live.test_ledger_deadlines import (
    FAR,
    TYPES,
    Step,
    Worker,
    answered_by_id,
    of_figures,
    scripts,
    ticket_by_id,
    toy_tables,
)
from tests.support.batches import recorded, shown
from tests.support.histories import START
from tests.support.records import CODEC
from tests.support.waiting import wait_until
from tests.support.warmth import DAY, KINDS, WARMTH, WATCH

__all__ = ["toy_tables"]


class Mistake(Exception):  # noqa: N818 - a name for a bug
    """What a planted bug raises."""


def failing(kinds: Kinds, prefixes: str, fails: Callable[[int], bool]) -> Kinds:
    """Return kinds of which some fail once so much time has passed for them."""

    def broken(declared: Any) -> Any:
        def project(acc: Any, scope: Scope, outputs: Outputs) -> None:
            if scope.passed and fails(scope.passed):
                raise Mistake("the customer's own words")
            declared.project(acc, scope, outputs)

        return replace(declared, project=project) if declared.prefix in prefixes else declared

    reducers = {prefix: broken(each) for prefix, each in kinds.reducers.items()}
    ledgers = {prefix: broken(each) for prefix, each in kinds.ledgers.items()}
    return Kinds(reducers, ledgers, lambda event: reducers[kinds.reducer_of(event).prefix], kinds.stage)


class Released(Worker):
    """A worker of a release, which may be another one after a restart."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        super().__init__()
        self.restart()

    def restart(self) -> None:
        self.partition = Partition(
            "all", 0, self.store, codec=CODEC, rules=self.rules, types=TYPES, epoch=None, kinds=self.kinds
        )

    def aside(self) -> dict[tuple[str, str], str]:
        """Return what tables say of deadlines that were put aside: account and subject, and why."""
        return {(row[1], row[2]): row[5] for key, row in shown(self.tables).items() if key[0] == "failed_deadline"}


def _third_days(passed: int) -> bool:
    return passed // DAY % 3 == 0


@given(
    scripts(),
    st.sampled_from(["tr", WARMTH, WATCH, f"tr{WARMTH}{WATCH}"]),
    st.randoms(use_true_random=False),
    st.sampled_from([1, 2, 2_000]),
)
def test_a_mended_release_ends_as_if_nothing_had_failed(
    script: list[Step], prefixes: str, chance: Any, at_once: int
) -> None:
    """Deadlines of entities and ledgers fail in any batch, with crashes between: nothing is lost or waits for them."""
    calm, bad = Worker(), Released(failing(KINDS, prefixes, _third_days))
    most, fold.SETTLE_AT_ONCE = fold.SETTLE_AT_ONCE, at_once
    try:
        for step in script:
            calm.go(step)
            bad.lose(step, chance)
            bad.go(step)
        waiting = [key for key, _ in bad.store.scan() if key.startswith(ASIDE)]
        assert len(bad.aside()) == len(waiting)
        assert not waiting or {detail.split()[0] for detail in bad.aside().values()} == {"Mistake"}
        bad.kinds = KINDS
        bad.restart()
        bad.tick(FAR)
    finally:
        fold.SETTLE_AT_ONCE = most
    assert bad.aside() == {}
    assert not [key for key, _ in bad.store.scan() if key.startswith(ASIDE)]
    assert of_figures(bad.tables) == of_figures(calm.tables)


def test_only_what_fails_waits_and_the_rest_of_its_account_goes_on() -> None:
    """A ledger of an account that cannot fade must not keep its tickets' clocks, or its events, from going on."""
    bad = Released(failing(KINDS, WARMTH, lambda passed: passed >= START + 2 * DAY))
    bad.take(recorded([answered_by_id(1, 9), ticket_by_id(2)]))
    bad.tick(START + 5 * DAY)
    assert bad.aside() == {("acme", f"{WARMTH}:"): "Mistake in streams.core.log.projected"}
    (row,) = [row for key, row in shown(bad.tables).items() if key[0] == "failed_deadline"]
    assert row[3] == 0
    assert START + 2 * DAY <= row[4] < START + 3 * DAY
    assert any(key[0] == "toy_warmth" for key in shown(bad.tables)), "what it showed before stays"
    late = recorded([answered_by_id(4, 2)])
    bad.take(late)
    bad.tick(START + 9 * DAY)
    cases = {key[2]: row[-1] for key, row in shown(bad.tables).items() if key[0] == "followup_case"}
    assert cases, "the follow-up of a detractor is missed as time passes, whatever the ledger does"
    assert len(bad.aside()) == 1
    assert bad.partition.next_deadline() > START + 9 * DAY, "nothing fires again and again"


def test_more_failures_than_a_mistake_has_stop_the_worker() -> None:
    """A release that fails on every deadline is to be taken back."""
    bad = Released(failing(KINDS, WARMTH, lambda _: True))
    few = failed_deadlines.LIMIT
    bad.take([each for number in range(few + 1) for each in _of_account(number)])
    bad.done(bad.partition.tick(START + DAY))
    with pytest.raises(Mistake):
        bad.partition.tick(START + DAY)


def _of_account(number: int) -> Any:
    each = answered_by_id(number + 1, 9)
    return recorded([msgspec.structs.replace(each, event=msgspec.structs.replace(each.event, account_id=f"a{number}"))])


@pytest.mark.parametrize("error", [StoreCorruptedError("bad block"), OSError("disk"), MemoryError()])
def test_what_is_not_the_cores_mistake_is_raised_as_it_is(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails says nothing of the deadline."""
    worker = Released(KINDS)
    worker.take(recorded([answered_by_id(1, 9)]))
    worker.done(worker.partition.tick(START + DAY))

    def lost(_name: bytes) -> bytes | None:
        raise error

    monkeypatch.setattr(worker.store, "get", lost)
    with pytest.raises(type(error)):
        worker.partition.tick(START + DAY)


EVENT_ID = "00000000-0000-4000-8000-{:012d}"
ACCOUNT, SUPPORT = "acme", frozenset(load_topics()["support"].event_types)


def _send(run: Run, *events: tuple[str, dict[str, Any]]) -> None:
    producer = Producer({"bootstrap.servers": run.bootstrap, "partitioner": "murmur2_random"})
    for event_type, fields in events:
        producer.produce(f"{run.prefix}support", CODEC.encode(event_type, fields), ACCOUNT)
    assert producer.flush(60) == 0


@contextmanager
def _warehouse(stack: Stack, database: str) -> Iterator[tuple[Client, Client, str, str]]:
    """Yield two clients, the database of views and that of tables."""
    client, writer = (
        connect(stack.clickhouse_host, stack.clickhouse_port, password=stack.passwords[ADMINISTRATOR]) for _ in "12"
    )
    warehouse = Warehouse(database=database)
    migrate(client, warehouse)
    generation = generations.current(client, warehouse)
    assert generation is not None
    try:
        yield client, writer, warehouse.database, generation
    finally:
        client.disconnect()
        writer.disconnect()


@pytest.mark.servers
def test_a_failing_clock_is_an_alarm_and_a_mended_release_tells_the_breach(
    stack: Stack, database: str, prefix: str, tmp_path: Path
) -> None:
    """The whole way: a clock runs out under a bad release, its partition goes on, the next release tells the breach."""
    now = time.time_ns() // 1000
    opened = {
        "event_id": EVENT_ID.format(1), "account_id": ACCOUNT, "occurred_at": now - DAY, "source": "test:1",
        "ticket_id": "T1", "channel": "email",
    }  # fmt: skip
    target = {
        "event_id": EVENT_ID.format(2), "account_id": ACCOUNT, "occurred_at": now - DAY, "source": "test:1",
        "ticket_id": "T1", "metric": "first_reply", "target_s": 3600,
    }  # fmt: skip
    told = Run(stack.bootstrap, tmp_path, prefix, topics=("support",))
    told.create_topics()
    with _warehouse(stack, database) as (client, writer, named, generation):
        alarms = f"SELECT account_id, subject_id FROM {named}.broken_invariant"
        breaches = f"SELECT count() FROM {named}.sla_instance WHERE breached_at IS NOT NULL"

        def worker(kinds: Kinds) -> Any:
            def open_partition(topic: str, number: int, partitions: int, store: Store) -> Partition:
                return Partition(
                    topic, number, store, codec=CODEC, rules=Rules(), types=SUPPORT, partitions=partitions, kinds=kinds
                )

            sink: Any = ClickHouseSink(writer, generation, checked=True)
            return engine(told, partition=open_partition, sink=Flaky(sink))

        with worker(failing(routes.KINDS, "t", lambda _: True)) as bad:
            _send(told, ("ticket_opened", opened), ("sla_target_applied", target))
            wait_until(lambda: client.execute(alarms) == [(ACCOUNT, "ticket:T1")])
            _send(told, ("ticket_opened", opened | {"event_id": EVENT_ID.format(3), "ticket_id": "T2"}))
            wait_until(lambda: client.execute(f"SELECT count() FROM {named}.ticket") == [(2,)])
            assert bad.outcome is None
            assert client.execute(breaches) == [(0,)]
        with worker(routes.KINDS):
            wait_until(lambda: client.execute(breaches) == [(1,)])
            assert client.execute(alarms) == []
