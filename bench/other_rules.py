"""Measure the step that folds one long log under other rules: `python -m bench.other_rules` prints a table."""

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
NAMES = frozenset({"subscription_changes", "ticket_messages", "response_corrections"})
_LIMITS = tuple(Limit(metric, "", 8 * 3_600_000_000, is_business=False) for metric in METRICS)
OTHER = Rules(
    mrr=(MrrPolicy("cxledger", 0, "v2", parse("cxledger", "churn=effective rate_of=purchase")),),
    sla=(SlaPolicy(1, "usual", 0, "v1", is_active=True, schedule_id="", match=((),) * 5, limits=_LIMITS),),
)


def measure(history: History, length: int) -> tuple[float, int, int]:
    """Return processor seconds, changelog bytes and rows of the largest batch after other rules came into use."""
    partition = opened(history, MemoryStore())
    for begin in range(0, length, CHUNK):
        records = [history.record(0, number) for number in range(begin, min(length, begin + CHUNK))]
        while records:
            batch = partition.process(records)
            partition.commit(batch)
            records = records[batch.records :]
    partition.use(OTHER)
    worst = (0.0, 0, 0)
    while partition.next_deadline() == 0:
        began = time.process_time()
        batch = partition.tick(0)
        spent = time.process_time() - began
        size = sum(len(key) + len(value or b"") for key, value in batch.changes.items())
        worst = max(worst, (spent, size, sum(map(len, batch.rows.values()))))
        partition.commit(batch)
    return worst


def main() -> None:
    """Print a table in Markdown, for lengths given as arguments or the usual ones."""
    print("| history | events | CPU s of one batch | its changelog bytes | its rows |\n|---|---:|---:|---:|---:|")
    for length in [int(each) for each in sys.argv[1:]] or LENGTHS:
        for history in HISTORIES:
            if history.name in NAMES:
                spent, size, rows = measure(history, length)
                print(f"| {history.name} | {length:,} | {spent:.2f} | {size:,} | {rows:,} |", flush=True)


if __name__ == "__main__":
    main()
