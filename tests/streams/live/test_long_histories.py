"""Valid histories of any length are taken in: the numbers of ADR 0142, under `-m long`, and shorter forms of them."""

import pytest

from bench.depth_histories import HISTORIES, History
from schemas.topics import load_topics
from sinks.checks import refusal
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC

AT_ONCE = 1_000
LENGTHS = {
    "subscription_changes": 1_000_000,
    "account_subscriptions": 100_000,
    "moment_subscriptions": 10_000,
    "invoice_payments": 10_000,
    "account_refunds": 10_000,
    "account_chargebacks": 10_000,
    "account_credit_uses": 10_000,
    "response_corrections": 10_000,
    "response_corrections_by_id": 10_000,
    "ticket_messages": 100_000,
    "ticket_sessions": 10_000,
    "ticket_agents": 10_000,
    "account_managers": 10_000,
    "setting_again": 10_000,
}
TYPES = frozenset(kind for topic in load_topics().values() for kind in topic.event_types)
LARGEST = 64 << 10
"""Bytes of a record at most, for events of a few hundred bytes each."""


def taken(history: History, length: int) -> None:
    """Take a history in, and hold every row against its table and every record against the size that it may have."""
    partition = Partition("any", 0, MemoryStore(), codec=CODEC, rules=Rules(), types=TYPES)
    for begin in range(0, length, AT_ONCE):
        records = [history.record(0, number) for number in range(begin, min(length, begin + AT_ONCE))]
        while records:
            batch = partition.process(records)
            assert not batch.dead
            assert all(len(value or b"") < LARGEST for value in batch.changes.values())
            for table, rows in batch.rows.items():
                assert refusal(table, rows[-1:]) is None
            partition.commit(batch)
            records = records[batch.records :]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda each: each.name)
def test_a_history_has_no_length_at_which_it_ends(history: History) -> None:
    """A hundredth of what is promised."""
    taken(history, LENGTHS[history.name] // 100)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("history", HISTORIES, ids=lambda each: each.name)
def test_nor_at_what_is_promised(history: History) -> None:
    """A seat that changes every minute for two years, a reseller's customers, a bot in a ticket: all are valid."""
    taken(history, LENGTHS[history.name])
