"""Measure the batches that fold one long log under other rules: `python -m bench.other_rules` prints a table."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from bench.depth import CHUNK, opened
from bench.depth_histories import HISTORIES
from streams.core.billing.choices import MrrPolicy, parse
from streams.core.rules import Rules
from streams.core.support.sla_policy import METRICS, Limit, SlaPolicy
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from bench.depth_histories import History

LENGTHS = (1_000, 10_000, 100_000)
NAMES = frozenset(
    {
        "account_subscriptions",
        "moment_subscriptions",
        "response_corrections",
        "subscription_changes",
        "ticket_messages",
    }
)
_LIMITS = tuple(Limit(metric, "", 8 * 3_600_000_000, is_business=False) for metric in METRICS)
OTHER = Rules(
    mrr=(MrrPolicy("cxledger", 0, "v2", parse("cxledger", "churn=effective rate_of=purchase")),),
    sla=(SlaPolicy(1, "usual", 0, "v1", is_active=True, schedule_id="", match=((),) * 5, limits=_LIMITS),),
)


def measure(history: History, length: int) -> tuple[int, float, int, int]:
    """Return how many batches it takes after other rules came into use, and the most of each.

    That is processor seconds, changelog bytes and rows.
    """
    partition = opened(history, MemoryStore())
    for begin in range(0, length, CHUNK):
        records = [history.record(0, number) for number in range(begin, min(length, begin + CHUNK))]
        while records:
            batch = partition.process(records)
            partition.commit(batch)
            records = records[batch.records :]
    partition.use(OTHER)
    batches, most_s, most_bytes, most_rows = 0, 0.0, 0, 0
    while partition.next_deadline() == 0:
        began = time.process_time()
        batch = partition.tick(0)
        most_s = max(most_s, time.process_time() - began)
        most_bytes = max(most_bytes, sum(len(key) + len(value or b"") for key, value in batch.changes.items()))
        most_rows = max(most_rows, sum(map(len, batch.rows.values())))
        batches += 1
        partition.commit(batch)
    return batches, most_s, most_bytes, most_rows


def main() -> None:
    """Print a table in Markdown, for lengths and histories given as arguments or the usual ones."""
    lengths = [int(each) for each in sys.argv[1:] if each.isdecimal()]
    names = {each for each in sys.argv[1:] if not each.isdecimal()}
    print("| history | events | batches | most CPU s of one | most changelog bytes | most rows |")
    print("|---|---:|---:|---:|---:|---:|")
    for length in lengths or LENGTHS:
        for history in HISTORIES:
            if history.name in (names or NAMES):
                batches, spent, size, rows = measure(history, length)
                print(f"| {history.name} | {length:,} | {batches} | {spent:.2f} | {size:,} | {rows:,} |", flush=True)


if __name__ == "__main__":
    main()
