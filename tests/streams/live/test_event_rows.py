"""The event table: every record is taken in, a duplicate or a dead letter, and the log alone decides which."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core.algebra import RecordedEvent
from streams.core.routes import BY_PREFIX, REDUCERS
from streams.core.rows_reference import EventRow
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from streams.live.store.port import Store
from tests.support.histories import histories
from tests.support.records import CODEC, NOW_MS, Record, record, submitted, uid

OFFSET, EVENT_ID = map(EventRow.__struct_fields__.index, ("offset", "event_id"))
PARTITIONS, NUMBER = 7, 4
"""Where acme belongs."""
TYPES = frozenset(kind for topic in load_topics().values() for kind in topic.event_types)


def _opened(store: Store) -> Partition:
    return Partition("cx.survey", NUMBER, store, codec=CODEC, rules=Rules(), types=TYPES, partitions=PARTITIONS)


def _bytes(recorded: RecordedEvent) -> bytes:
    event = recorded.event
    return CODEC.encode(event.EVENT_TYPE, msgspec.structs.asdict(event) | _plain(event))


def _plain(event: Any) -> dict[str, Any]:
    """Nested structs as the mappings that the codec takes."""
    nested = {name: getattr(event, name) for name in ("answers", "topics", "questions") if hasattr(event, name)}
    return {name: [msgspec.structs.asdict(item) for item in items] for name, items in nested.items()}


def _log(recorded_events: list[RecordedEvent], again: list[int], broken: list[int]) -> list[Record]:
    """Notes as records, some of them sent again later, some cut short."""
    values = [_bytes(recorded) for recorded in recorded_events]
    sent = [*values, *(values[at % len(values)] for at in again), *(values[at % len(values)][:-1] for at in broken)]
    return [Record(offset, b"acme", value, NOW_MS + offset) for offset, value in enumerate(sent)]


def _rows(batches: list[Any]) -> list[tuple[Any, ...]]:
    """Event rows without version and is_deleted."""
    return [row[:-2] for batch in batches for row in batch.rows["event"]]


@given(
    histories(), st.lists(st.integers(0, 8), max_size=4), st.lists(st.integers(0, 8), max_size=2), st.integers(0, 15)
)
def test_the_log_alone_decides_where_each_record_goes(
    recorded_events: list[RecordedEvent], again: list[int], broken: list[int], cut: int
) -> None:
    """Rebuilt tables are compared with live ones: batches and restarts may not show in the event table."""
    log = _log(recorded_events, again, broken)
    whole = _opened(MemoryStore())
    batch = whole.process(log)
    taken = [row[OFFSET] for row in batch.rows["event"]]
    dead = {letter.offset for letter in batch.dead}
    assert len(taken) + batch.duplicates + len(dead) == len(log)
    assert taken == sorted(set(taken) - dead)
    assert len({row[EVENT_ID] for row in batch.rows["event"]}) == len(taken)

    store, batches = MemoryStore(), []
    for part in (log[:cut], log[cut:]):
        partition = _opened(store)
        batches.append(partition.process(part))
        partition.commit(batches[-1])
    assert _rows(batches) == _rows([batch])
    assert sum(each.duplicates for each in batches) == batch.duplicates


def test_a_row_says_where_its_event_stands_and_what_it_belongs_to() -> None:
    """The tuple is built by hand on the hot path: it must have the row struct's fields, in the struct's order."""
    fields = submitted(1, response_id="R1", corrects_event_id=uid(7), is_test=True)
    batch = _opened(MemoryStore()).process([record(41, "response_submitted", fields)])
    ((*values, version, is_deleted),) = batch.rows["event"]
    row = msgspec.convert(dict(zip(EventRow.__struct_fields__, values, strict=True)), EventRow, strict=True)
    assert row == EventRow(
        account_id="acme",
        entity="response:R1",
        topic="cx.survey",
        partition=NUMBER,
        offset=41,
        event_id=uid(1),
        event_type="response_submitted",
        source="ovey:main",
        occurred_at=NOW_MS * 1000,
        ingested_at=NOW_MS * 1000,
        corrects_event_id=uid(7),
        is_test=True,
    )
    assert (version >> 40, is_deleted) == (1, 0)


@given(histories())
def test_entities_are_told_apart_as_their_states_are(recorded_events: list[RecordedEvent]) -> None:
    """One name for two states would show the events of one among those of the other."""
    routed = [(REDUCERS[type(recorded.event)], recorded.event) for recorded in recorded_events]
    pairs = {(reducer.key(event), event.account_id, reducer.entity(event)) for reducer, event in routed}
    assert len({pair[0] for pair in pairs}) == len({pair[1:] for pair in pairs}) == len(pairs)
    assert len({reducer.kind for reducer in BY_PREFIX.values()}) == len(BY_PREFIX)
