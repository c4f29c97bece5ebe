"""Histories that other products' users reported, from their events to the figures: by the worker's code and the views.

A case is a file in real_cases/. ``events`` are told in their order and stored when they happen, or when ``stored``
says, each by its type, its day and what else its fields say, with ISO times; ``settings`` are those of the warehouse.
Each of ``expect`` is a query over the views and its rows, figures to two decimals.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from clickhouse_driver import Client

from schemas.catalogue import latest_schemas
from schemas.topics import load_topics
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from streams.core.events import parse
from streams.core.rules import Rules, rules_from
from streams.core.settings import RULING_TYPES
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.sinks.conftest import Migrated
from tests.support.records import CODEC, Record, record, uid

CASES = sorted((Path(__file__).parent / "real_cases").glob("*.yaml"))
MILLI = 1_000


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    why: str
    query: str
    rows: list[list[Any]]


class Case(msgspec.Struct, forbid_unknown_fields=True):
    why: str
    events: list[dict[str, Any]]
    expect: list[Wanted]
    settings: dict[str, Any] = {}


def _read(path: Path) -> Case:
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Case)


def _moment(_: str, value: Any) -> Any:
    if isinstance(value, dt.date | str):
        told = dt.datetime.fromisoformat(str(value))
        return told if told.tzinfo else told.replace(tzinfo=dt.UTC)
    return value


def records(events: list[dict[str, Any]]) -> Iterator[tuple[str, Record]]:
    """Yield each event's topic and record; `at` is its time, `type` its type, an id is made of its number.

    `stored` is when the broker stored it, where that was not then.
    """
    topic_of = {kind: name for name, topic in load_topics().items() for kind in topic.event_types}
    for number, told in enumerate(events, start=1):
        fields = {"event_id": uid(number), "account_id": "acme", "source": "shop:main", **told}
        kind, fields["occurred_at"] = fields.pop("type"), fields.pop("at")
        stored = fields.pop("stored", fields["occurred_at"])
        fields = latest_schemas()[kind].instants.changed(fields, _moment)
        yield topic_of[kind], record(number, kind, fields, at_ms=int(_moment("", stored).timestamp() * MILLI))


def _rules(stored: list[Record]) -> Rules:
    told = [CODEC.decode_array(each.value()) for each in stored]
    return rules_from([parse(kind, values) for kind, values in told if kind in RULING_TYPES])


def work(sink: ClickHouseSink, events: list[dict[str, Any]], until: int) -> None:
    """Do what a worker does with the events, and with time up to a moment; every event must be taken in."""
    by_topic: dict[str, list[Record]] = defaultdict(list)
    for topic, each in records(events):
        by_topic[topic].append(each)
    rules = _rules(by_topic["config"])
    for topic, stored in by_topic.items():
        types = frozenset(load_topics()[topic].event_types)
        partition = Partition(topic, 0, MemoryStore(), codec=CODEC, rules=rules, types=types)
        batch = partition.process(stored)
        assert ([letter.detail for letter in batch.dead], batch.records) == ([], len(stored))
        while batch is not None:
            partition.commit(batch)
            sink.insert(batch.rows)
            batch = partition.tick(until) if partition.next_deadline() <= until else None


def _shown(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return round(float(value), 2)
    if isinstance(value, dt.datetime):
        return str(value.replace(tzinfo=None))
    return str(value) if isinstance(value, dt.date) else value


@pytest.mark.servers
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_history_comes_to_its_figures(client: Client, empty: Callable[[Warehouse], Migrated], path: Path) -> None:
    """Each of these once came to a figure that somebody would have believed; the file says which and why."""
    case = _read(path)
    warehouse, generation = empty(Warehouse(**case.settings))
    now = int(dt.datetime.now(dt.UTC).timestamp() * 1_000_000)
    work(ClickHouseSink(client, generation, checked=True), case.events, now)
    asked = [client.execute(each.query.replace("cx.", f"{warehouse.database}.")) for each in case.expect]
    assert [[list(map(_shown, row)) for row in rows] for rows in asked] == [each.rows for each in case.expect]
    broken = client.execute(f"SELECT invariant, detail FROM {warehouse.database}.broken_invariant")
    assert broken == []
