"""The ledger of an account across batches, throw-aways and restarts: it must never differ from its subscriptions."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.billing.choices import MrrPolicy, parse
from streams.core.rows import MrrMovementRow
from streams.core.rules import Rules
from streams.live.partition import Batch, Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, NOW_MS, Record, event, record

TYPES = frozenset({"subscription_started", "subscription_changed", "subscription_ended"})
NOW = NOW_MS * 1000
DAY = 86_400_000_000
Tables = dict[tuple[Any, ...], tuple[Any, ...]]


def opened(store: MemoryStore, rules: Rules | None = None) -> Partition:
    return Partition("billing", 0, store, codec=CODEC, rules=rules or Rules(), types=TYPES, epoch=0)


def state(number: int, subscription: str, amount: int, at: int, kind: str = "subscription_started") -> Record:
    item = {"item_id": "i", "plan_id": "p", "unit_amount": amount, "interval": "MONTH"}
    fields: dict[str, Any] = {"subscription_id": subscription, "status": "ACTIVE", "items": [item], "currency": "USD"}
    times = {"period_start": at, "period_end": at + 30 * DAY, "effective_at": at, "occurred_at": at}
    return record(number, kind, event(number, exponent=2, **fields, **times))


RECORDS = [
    state(1, "s1", 10_000, NOW - 90 * DAY),
    state(2, "s2", 2_000, NOW - 80 * DAY),
    state(3, "s1", 15_000, NOW - 60 * DAY, "subscription_changed"),
    record(
        4,
        "subscription_ended",
        event(4, subscription_id="s2", effective_at=NOW - 40 * DAY, ends_at=NOW - 40 * DAY, reason="VOLUNTARY"),
    ),
    state(5, "s1", 12_000, NOW - 70 * DAY, "subscription_changed"),
]


def written(tables: Tables, batch: Batch) -> None:
    """Apply the batch's ledger rows as the tables do: of one key the highest version holds."""
    for row in batch.rows[MrrMovementRow.TABLE]:
        key = row[: MrrMovementRow.KEY]
        if key not in tables or tables[key][-2] <= row[-2]:
            tables[key] = row


@given(st.lists(st.integers(1, 3), max_size=5), st.integers(0, 5), st.booleans())
def test_neither_batches_nor_crashes_show_in_the_ledger(sizes: list[int], crash_at: int, restart: bool) -> None:
    """Rows of a batch that was thrown away may be in the tables already: what follows outranks them."""
    calm: Tables = {}
    partition = opened(MemoryStore())
    for one in RECORDS:
        batch = partition.process([one])
        written(calm, batch)
        partition.commit(batch)
    store, tables, left = MemoryStore(), {}, list(RECORDS)
    partition = opened(store)
    thrown = partition.process(left[:crash_at])
    written(tables, thrown)
    if restart:
        partition = opened(store)
    for size in [*sizes, len(left)]:
        batch = partition.process(left[:size])
        written(tables, batch)
        partition.commit(batch)
        left = left[size:]
    assert tables == calm


def test_a_new_policy_rewrites_the_ledger_and_takes_away_what_the_old_one_said() -> None:
    """A movement that the old choices made and the new ones do not would be summed for ever; also after a restart."""
    store, tables = MemoryStore(), {}
    partition = opened(store)
    batch = partition.process(RECORDS)
    written(tables, batch)
    partition.commit(batch)
    rules = Rules(mrr=(MrrPolicy("cxledger", 0, "v2", parse("cxledger", "churn=effective rate_of=purchase")),))
    partition = opened(store, rules)
    while partition.next_deadline() == 0:
        batch = partition.tick(NOW)
        written(tables, batch)
        partition.commit(batch)
    fresh: Tables = {}
    written(fresh, opened(MemoryStore(), rules).process(RECORDS))
    standing = {key: row[:-2] for key, row in tables.items() if not row[-1]}
    assert standing == {key: row[:-2] for key, row in fresh.items() if not row[-1]}
