"""What neighbours notice of a hot ticket: `python -m bench.hot_ticket` prints CPU milliseconds per batch.

One partition takes in batches of small tickets from beginning to end; then the same with messages of one more ticket
among them, until that is very long. Business hours and service levels are set. No broker and no
database: what a hot ticket costs is in the fold, and its neighbours wait for the batch that it is in.
"""

from __future__ import annotations

import argparse
import time
from itertools import count, islice
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from bench.record import Made
from schemas.codec import Codec
from schemas.topics import load_topics
from streams.core.clock.schedule import Schedule
from streams.core.clock.worktime import Version
from streams.core.rules import Rules
from streams.core.support.sla_policy import METRICS, Limit, SlaPolicy
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

MILLISECOND, HOUR = 1_000, 3_600_000_000
STORED_MS = 1_791_763_200_000
BEGIN = STORED_MS * MILLISECOND - 200 * 24 * HOUR
STAGES = (0, 1_000, 2_000, 4_000, 5_000, 20_000, 100_000)
_DAY = ((9 * HOUR, 17 * HOUR),)
_ANY: tuple[str, ...] = ()
_LIMITS = tuple(Limit(metric, "", 8 * HOUR, is_business=True) for metric in METRICS)
RULES = Rules(
    schedules=(Schedule("default", (Version(0, "Europe/Rome", (_DAY,) * 5 + ((), ())),)),),
    sla=(SlaPolicy(1, "usual", 0, "v1", is_active=True, schedule_id="", match=(_ANY,) * 5, limits=_LIMITS),),
)


class Feed:
    """Records of neighbours, five events each, and of the hot ticket: two questions, a reply and a bot in turn."""

    def __init__(self) -> None:
        self._encode = Codec().encode
        self._numbers = count()
        self.neighbours = self._neighbours()
        self.hot = self._hot()

    def _record(self, kind: str, ticket: str, at: int, **fields: Any) -> Made:
        number = next(self._numbers)
        envelope = {
            "event_id": f"00000000-0000-4000-8000-{number:012d}",
            "account_id": "acme",
            "occurred_at": at,
            "source": "desk:bench",
            "ticket_id": ticket,
        }
        return Made(number, b"acme", self._encode(kind, envelope | fields), STORED_MS)

    def _neighbours(self) -> Iterator[Made]:
        for number in count():
            ticket, at = f"n{number}", BEGIN + number * MILLISECOND
            yield self._record("ticket_opened", ticket, at, channel="email", priority="normal")
            yield self._record("message_added", ticket, at, message_id="1", author_type="REQUESTER")
            yield self._record("ticket_assigned", ticket, at + HOUR, assignee_id="a1")
            yield self._record("message_added", ticket, at + 2 * HOUR, message_id="2", author_type="AGENT")
            yield self._record("ticket_solved", ticket, at + 3 * HOUR)

    def _hot(self) -> Iterator[Made]:
        yield self._record("ticket_opened", "hot", BEGIN, channel="discord")
        for number in count(1):
            author = ("REQUESTER", "REQUESTER", "AGENT", "BOT")[number % 4]
            at = BEGIN + number * 100_000 * MILLISECOND
            yield self._record("message_added", "hot", at, message_id=str(number), author_type=author)


def batches(messages: int, beside: int, per_batch: int) -> list[tuple[int, float, float]]:
    """(messages so far, CPU milliseconds, megabytes for the changelog) of each batch."""
    feed, found, told = Feed(), [], 0
    types = frozenset(load_topics()["support"].event_types)
    partition = Partition("support", 0, MemoryStore(), codec=Codec(), rules=RULES, types=types)
    while told < messages:
        records = [*islice(feed.neighbours, beside), *islice(feed.hot, per_batch)]
        began = time.process_time()
        batch = partition.process(records)
        if batch.records < len(records):
            raise RuntimeError("the batch was cut short: its messages are not what they are called")
        partition.commit(batch)
        spent = (time.process_time() - began) * 1e3
        told += per_batch or beside
        found.append((told, spent, sum(len(value or b"") for value in batch.changes.values()) / 1e6))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hot_ticket", description=__doc__)
    parser.add_argument("--messages", type=int, default=25_000)
    parser.add_argument("--per-batch", type=int, default=50, help="messages of the hot ticket in each batch")
    parser.add_argument("--beside", type=int, default=100, help="events of other tickets in each batch")
    asked = parser.parse_args()
    alone = [spent for _, spent, _ in batches(50 * asked.beside, asked.beside, 0)]
    print("| messages of the hot ticket | p50 ms | p99 ms | changelog MB |\n| --- | ---: | ---: | ---: |")
    print(f"| none | {_quantile(alone, 50):.1f} | {_quantile(alone, 99):.1f} | |")
    hot = batches(asked.messages, asked.beside, asked.per_batch)
    for start, end in zip(STAGES, (*STAGES[1:], asked.messages), strict=True):
        within = [(spent, size) for told, spent, size in hot if start < told <= end]
        if len(within) > 1:
            spent = [each for each, _ in within]
            stage = f"{start:,} to {min(end, asked.messages):,}"
            print(f"| {stage} | {_quantile(spent, 50):.1f} | {_quantile(spent, 99):.1f} | {within[-1][1]:.2f} |")


def _quantile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
