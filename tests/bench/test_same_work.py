"""The peer of the product does the same work only if it leaves the same rows: held against the project's partition."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from bench import events
from bench.encoding import ResponseEncoder
from bench.record import Made
from bench.same_processor import Processor
from schemas.codec import Codec
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC = "bench.survey"
NOW_MS = 1_800_000_000_000
Rows = dict[str, list[tuple[Any, ...]]]


class State(dict[bytes, bytes]):
    """State of one account, as Quix Streams would hand it over."""

    def get_bytes(self, key: bytes, default: bytes | None = None) -> bytes | None:
        return self.get(key, default)

    def set_bytes(self, key: bytes, value: bytes) -> None:
        self[key] = value

    def delete(self, key: bytes) -> None:
        del self[key]


def records() -> Iterable[Made]:
    """Responses of few accounts, some doubled, some with an id that came before, and what cannot be read."""
    encode, at = ResponseEncoder(), count()
    for number, fields in enumerate(events.responses(400, NOW_MS * 1000, accounts=7)):
        key = fields["account_id"].encode()
        yield Made(next(at), key, encode(fields), NOW_MS, None)
        if number % 5 == 0:
            yield Made(next(at), key, encode(fields), NOW_MS, None)
        if number % 7 == 0:
            yield Made(next(at), key, encode({**fields, "language": "de"}), NOW_MS, None)
        if number % 11 == 0:
            yield Made(next(at), key, b"no event", NOW_MS, None)


def of_the_partition() -> tuple[Rows, list[str], int]:
    types = frozenset({events.EVENT_TYPE})
    partition = Partition(TOPIC, 0, MemoryStore(), codec=Codec(), rules=Rules(), types=types, epoch=0)
    rows, signals, dead = {}, [], 0
    for record in records():
        batch = partition.process([record])
        partition.commit(batch)
        _add(rows, batch.rows)
        signals += [signal.signal_id for signal in batch.signals]
        dead += len(batch.dead)
    return rows, signals, dead


def of_the_peer() -> tuple[Rows, list[str], int]:
    processor, states = Processor(), {}
    rows, signals, dead = {}, [], 0
    for record in records():
        result = processor.take(TOPIC, 0, record, states.setdefault(record.key(), State()))
        _add(rows, result.rows)
        signals += [signal.signal_id for signal in result.signals]
        dead += len(result.dead)
    return rows, signals, dead


def _add(rows: Rows, more: Rows) -> None:
    for table, several in more.items():
        rows.setdefault(table, []).extend(several)


def test_the_peer_leaves_the_very_rows_and_signals_of_the_partition() -> None:
    """A peer that did less would make the product's ratio look worse, one that did more would flatter it."""
    ours, theirs = of_the_partition(), of_the_peer()
    assert theirs == ours
    assert ours[2] > 0
    assert ours[1], "the events raise signals"
    assert len(ours[0]) >= 3
