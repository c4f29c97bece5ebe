"""Tickets across batches, throw-aways and restarts: however records are divided, the tables end alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core.algebra import RecordedEvent
from streams.core.events import TouchLogged
from streams.core.limits import NEVER
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.batches import Tables, recorded, shown, written
from tests.support.histories_support import chatter, support_histories
from tests.support.levels import levels
from tests.support.records import CODEC, NOW_MS, Record, event, record
from tests.support.tickets import opened as opened_ticket
from tests.support.tickets import recorded_events, said, turned

TYPES = frozenset(load_topics()["support"].event_types)
NOW = NOW_MS * 1000
DAY = 86_400_000_000


def opened(store: MemoryStore, rules: Rules | None = None) -> Partition:
    return Partition("support", 0, store, codec=CODEC, rules=rules or Rules(), types=TYPES, epoch=0)


@given(support_histories() | chatter(), st.lists(st.integers(1, 4), max_size=3), levels)
def test_neither_batches_nor_crashes_show_in_the_tables(
    history: list[RecordedEvent], sizes: list[int], rules: Rules
) -> None:
    """Rows of a batch that was thrown away may be in the tables: also those that the next batch would never write."""
    survives(history, [], rules)
    survives(history, sizes, rules)


@pytest.mark.parametrize("author", ["BOT", "REQUESTER", "AGENT"])
def test_nor_for_messages_in_reverse_order(author: str) -> None:
    """Each takes the place of the one before: as the first reply, and in the log of late ones."""
    replies = [said(each, author) for each in (9, 8, 7, 6)]
    survives(recorded_events(opened_ticket(), *replies, turned(20, "SOLVED"), said(5, author), delay=15 * DAY), [])


def survives(history: list[RecordedEvent], sizes: list[int], rules: Rules | None = None) -> None:
    """Compare one record at a time with every batch that may be thrown away, followed by batches of these sizes."""
    records = recorded(history)
    calm_store, calm = MemoryStore(), Tables()
    partition = opened(calm_store, rules)
    for one in records:
        taken(partition, [one], calm)
    for crash_at in range(len(records) + 1):
        store, tables, left = MemoryStore(), Tables(), records
        written(tables, opened(store, rules).process(records[:crash_at]))
        partition = opened(store, rules)
        for size in [*sizes, len(left)]:
            taken(partition, left[:size], tables)
            left = left[size:]
        assert shown(tables) == shown(calm)
        assert entities(store) == entities(calm_store)


def taken(partition: Partition, records: list[Record], tables: Tables) -> None:
    batch = partition.process(records)
    written(tables, batch)
    partition.commit(batch)


def entities(store: MemoryStore) -> dict[bytes, bytes]:
    return {key: state for key, state in store.scan() if key[:1] != b"\0"}


def message(number: int, **fields: Any) -> dict[str, Any]:
    fields = {"ticket_id": "T1", "message_id": f"m{number}", "author_type": "BOT"} | fields
    return event(number, **fields)


def test_duplicates_and_conflicts_are_told_apart_within_a_batch_and_later() -> None:
    """The batch has not folded the first copy yet when the second one comes."""
    partition = opened(MemoryStore())
    same = [record(offset, "message_added", message(1)) for offset in range(2)]
    other = record(2, "message_added", message(1, author_type="AGENT"))
    batch = partition.process([*same, other])
    assert (batch.duplicates, [letter.reason for letter in batch.dead]) == (1, ["conflicting_duplicate"])
    partition.commit(batch)
    later = partition.process([*same, other])
    assert (later.duplicates, [letter.reason for letter in later.dead]) == (2, ["conflicting_duplicate"])
    assert not later.changes.keys() - {b"\0epoch", b"\0rules"}
    assert partition.next_deadline() == NEVER


def test_a_message_leaves_its_own_rows_and_no_others_messages() -> None:
    """Whatever came for a ticket before, in the same batch or earlier."""
    partition = opened(MemoryStore())
    batch = partition.process(record(each, "message_added", message(each)) for each in range(1, 50))
    assert (len(batch.rows["ticket_message"]), len(batch.rows["event"])) == (49, 49)
    assert [row[-2] for row in batch.rows["ticket"]] == [49], "of each row the last"
    partition.commit(batch)
    later = partition.process([record(50, "message_added", message(50))])
    assert (len(later.rows["ticket_message"]), len(later.rows["ticket"])) == (1, 1)


def test_a_touch_stands_by_itself() -> None:
    """It belongs to no ticket."""
    fields = event(1, touch_id="w1", kind="call", direction="OUTBOUND", occurred_at=NOW)
    batch = opened(MemoryStore()).process([record(0, TouchLogged.EVENT_TYPE, fields)])
    assert len(batch.rows["touch"]) == 1
