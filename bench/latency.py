"""Latency from produce to queryable row: steady traffic, and a reader that notes when each row is first seen."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer

from bench import events
from bench.encoding import ResponseEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RATE = 500
POLL_S = 0.02
PATIENCE_S = 30.0


class UnseenError(Exception):
    """Rows did not become queryable in time."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from just before produce until a query returned the row; `polled_ms` is the reader's mean round."""

    events: int
    rate: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    polled_ms: float


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the sorted values do not exceed."""
    place = max(0, -(-len(ordered) * round(share * 10_000) // 10_000) - 1)
    return ordered[place]


class Traffic:
    """Sends `seconds` of events at a steady rate from a thread, each stamped just before its produce call."""

    def __init__(self, bootstrap: str, topic: str, seconds: float) -> None:
        self.sent: dict[str, float] = {}
        self._topic = topic
        self._producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 0})
        self._events = list(events.responses(round(seconds * RATE), time.time_ns() // 1000, seed=time.time_ns()))
        self._thread = threading.Thread(target=self._send, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def _send(self) -> None:
        encode, began = ResponseEncoder(), time.time()
        for number, fields in enumerate(self._events):
            time.sleep(max(0.0, began + number / RATE - time.time()))
            now = time.time()
            stamp = int(now * 1e6)
            self.sent[fields["response_id"]] = now
            value = encode({**fields, "occurred_at": stamp, "submitted_at": stamp})
            self._producer.produce(self._topic, value, fields["account_id"])
            self._producer.poll(0)
        self._producer.flush()


def watch(traffic: Traffic, newest: Callable[[int], Sequence[str]]) -> Latency:
    """Follow the traffic to its last row. `newest` returns the response ids with occurred_at from a moment on (µs).

    Raises UnseenError.
    """
    seen: dict[str, float] = {}
    rounds = 0
    began = time.time()
    traffic.start()
    deadline = None
    while traffic.running or len(seen) < len(traffic.sent):
        waiting = [at for each, at in list(traffic.sent.items()) if each not in seen]
        if waiting:
            found = newest(int((min(waiting) - 0.001) * 1e6))
            now = time.time()
            seen.update((each, now) for each in found if each in traffic.sent and each not in seen)
        rounds += 1
        if not traffic.running:
            deadline = deadline or time.time() + PATIENCE_S
            if time.time() > deadline:
                raise UnseenError(f"{len(traffic.sent) - len(seen)} rows not seen after {PATIENCE_S:.0f} s")
        time.sleep(POLL_S)
    return _summed(traffic.sent, seen, (time.time() - began) / rounds)


def _summed(sent: dict[str, float], seen: dict[str, float], polled: float) -> Latency:
    taken = sorted((seen[each] - at) * 1000 for each, at in sent.items())
    span = max(sent.values()) - min(sent.values())
    return Latency(
        events=len(taken),
        rate=(len(taken) - 1) / span,
        p50_ms=quantile(taken, 0.50),
        p99_ms=quantile(taken, 0.99),
        worst_ms=taken[-1],
        polled_ms=polled * 1000,
    )


def newest_rows(client: Any, table: str) -> Callable[[int], Sequence[str]]:
    """A reader over a ClickHouse connection for `watch`; what a SELECT returns is what a view over it would."""

    def newest(since: int) -> Sequence[str]:
        query = f"SELECT response_id FROM {table} WHERE occurred_at >= fromUnixTimestamp64Micro(%(since)s)"
        return [row[0] for row in client.execute(query, {"since": since})]

    return newest
