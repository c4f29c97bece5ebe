"""What was known at a past moment, held against what the views said when no more had arrived."""

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client
from confluent_kafka import Producer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra import local, wiring
from infra.explaining import known_at
from infra.settings import Settings
from schemas.topics import load_topics
from sinks import metric
from sinks.clickhouse import ClickHouseSink
from sinks.explain import Explainer
from sinks.figures import Given, Served
from sinks.period import parse
from streams.core.algebra import RecordedEvent
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.fold.partitioner import home
from streams.live.store.memory import MemoryStore
from tests.support.histories import histories
from tests.support.records import CODEC, Record

TYPES = frozenset(load_topics()["survey"].event_types)
METRICS = [each for each in metric.load() if each.name in ("nps", "response_rate", "closed_loop_rate")]
PERIOD = parse("rolling:2024-01-20")
NUMBER, COUNT = 0, 4


class Log:
    """One partition of the survey topic, and the tables that a worker would have filled from it."""

    def __init__(self, here: Settings) -> None:
        local.prepare(here)
        self.here, self.topic, self.offset = here, f"{here.topic_prefix}survey", 0
        self.writer, self.reader = wiring.clickhouse(here), wiring.reader(here, typed=True)
        self.sink = ClickHouseSink(self.writer, f"{here.database}_g1")
        self.producer = Producer({"bootstrap.servers": here.kafka_bootstrap})
        self.explainer = Explainer(self.reader, wiring.warehouse(here))

    def store(self, account: str, recorded_events: list[RecordedEvent]) -> list[Record]:
        """Send the events under an account of their own, stored at the notes' times."""
        records = []
        for recorded in recorded_events:
            event = msgspec.structs.replace(
                recorded.event, account_id=account, event_id=_id(account, recorded.event.event_id)
            )
            if event.corrects_event_id is not None:
                event = msgspec.structs.replace(event, corrects_event_id=_id(account, event.corrects_event_id))
            value = CODEC.encode(event.EVENT_TYPE, msgspec.to_builtins(_fields(event)))
            at_ms = recorded.ingested_at // 1000
            self.producer.produce(self.topic, value, account, partition=NUMBER, timestamp=at_ms)
            records.append(Record(self.offset, account.encode(), value, at_ms))
            self.offset += 1
        self.producer.flush(30)
        return records

    def figures(self, source: Served, account: str) -> list[Any]:
        return [[source.figures(each, account, PERIOD), source.facts(each, account, PERIOD)] for each in METRICS]


def _id(account: str, event_id: str) -> str:
    return account + event_id[8:]


def _fields(event: Any) -> dict[str, Any]:
    nested = {name: getattr(event, name) for name in ("answers", "topics", "questions") if hasattr(event, name)}
    return msgspec.structs.asdict(event) | {
        name: [msgspec.structs.asdict(item) for item in items] for name, items in nested.items()
    }


def _take(log: Log, partition: Partition, records: list[Record], until: int) -> None:
    """What a worker does with records, and with time up to a moment."""
    batch = partition.process(records)
    assert batch.records == len(records)
    partition.commit(batch)
    log.sink.insert(batch.rows)
    while partition.next_deadline() <= until:
        batch = partition.tick(until)
        partition.commit(batch)
        log.sink.insert(batch.rows)


@pytest.fixture
def log(here: Settings) -> Iterator[Log]:
    opened = Log(here)
    yield opened
    opened.writer.disconnect()
    opened.reader.disconnect()


@pytest.mark.servers
@pytest.mark.timeout(300)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.integers(0, 9))
def test_what_was_known_is_what_the_views_said_then(log: Log, recorded_events: list[RecordedEvent], cut: int) -> None:
    """The promise of --known-at, whatever came later: corrections, retractions, deletions, tests, late events."""
    account = next(name for name in iter(lambda: secrets.token_hex(4), "") if home(name.encode(), COUNT) == NUMBER)
    recorded_events = sorted(recorded_events, key=lambda recorded: recorded.ingested_at)
    then = recorded_events[min(cut, len(recorded_events) - 1)].ingested_at
    records = log.store(account, recorded_events)
    partition = Partition(log.topic, NUMBER, MemoryStore(), codec=CODEC, rules=Rules(), types=TYPES, partitions=COUNT)
    served = Served(log.reader, wiring.warehouse(log.here))
    early = [record for record in records if record.at_ms * 1000 <= then]
    _take(log, partition, early, then)
    said, end = log.figures(served, account), recorded_events[-1].ingested_at
    _take(log, partition, records[len(early) :], end)
    for moment, expected in ((then, said), (end, log.figures(served, account))):
        known = known_at(log.here, log.explainer, account, moment)
        over = Given(log.reader, wiring.warehouse(log.here), known.tables, _now(log.writer))
        assert log.figures(over, account) == expected
        assert known.refused == 0


def _now(client: Client) -> int:
    return int(client.execute("SELECT toUnixTimestamp64Micro(now64(6))")[0][0])
