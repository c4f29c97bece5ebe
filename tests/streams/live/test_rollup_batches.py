"""The ledger of an account across batches, throw-aways and restarts: it must never differ from its subscriptions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.billing.choices import MrrPolicy, parse
from streams.core.columns import Row
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_subscription import MrrMovementRow
from streams.core.rules import Rules
from streams.live.fold.partition import Batch, Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, NOW_MS, Record, event, record, uid

TYPES = frozenset(
    {"subscription_started", "subscription_changed", "subscription_ended", "invoice_paid", "payment_received"}
    | {"payment_refunded"}
)
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


def told(number: int, kind: str, at: int, **fields: Any) -> Record:
    """An event of money, in cents, `at` days from now."""
    money = {"currency": "USD", "exponent": 2, "occurred_at": NOW + at * DAY}
    return record(number, kind, event(number, **(money | fields)))


def part(number: int, invoice: str, amount: int, **fields: Any) -> Record:
    whole = {"payment_id": "p", "payment_amount": 150_00, "paid_at": NOW - 9 * DAY}
    return told(number, "invoice_paid", -5, invoice_id=invoice, amount=amount, **(whole | fields))


PAYMENTS = [
    part(1, "i", 60_00),
    told(2, "payment_received", -8, payment_id="p", amount=150_00, received_at=NOW - 8 * DAY),
    part(3, "j", 30_00),
    told(4, "payment_refunded", -4, refund_id="f", payment_id="p", amount=10_00, refunded_at=NOW - 4 * DAY),
    part(5, "j", 40_00, corrects_event_id=uid(3)),
    told(6, "payment_refunded", -4, refund_id="f", payment_id="q", amount=10_00, refunded_at=NOW - 4 * DAY),
]


def written(tables: Tables, batch: Batch, of: type[Row] = MrrMovementRow) -> None:
    """Apply the batch's rows of a table as the table does: of one key the highest version holds."""
    for row in batch.rows[of.TABLE]:
        key = row[: of.KEY]
        if key not in tables or tables[key][-2] <= row[-2]:
            tables[key] = row


@pytest.mark.parametrize(("records", "of"), [(RECORDS, MrrMovementRow), (PAYMENTS, MetricChangeRow)])
@given(st.lists(st.integers(1, 3), max_size=5), st.integers(0, 6), st.booleans())
def test_neither_batches_nor_crashes_show_in_the_rows_of_a_roll_up(
    records: list[Record], of: type[Row], sizes: list[int], crash_at: int, restart: bool
) -> None:
    """Rows of a batch that was thrown away may be in the tables already: what follows outranks them, or is the same."""
    calm: Tables = {}
    partition = opened(MemoryStore())
    for one in records:
        batch = partition.process([one])
        written(calm, batch, of)
        partition.commit(batch)
    store, tables, left = MemoryStore(), {}, list(records)
    partition = opened(store)
    thrown = partition.process(left[:crash_at])
    written(tables, thrown, of)
    if restart:
        partition = opened(store)
    for size in [*sizes, len(left)]:
        batch = partition.process(left[:size])
        written(tables, batch, of)
        partition.commit(batch)
        left = left[size:]
    assert tables == calm
    assert of is MrrMovementRow or {"collections", "refund_rate_cohort"} <= {row[1] for row in calm.values()}


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
