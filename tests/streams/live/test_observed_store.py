"""A late event or a policy may fold a million events again, and a watchdog would take those minutes for a standstill.

The worker would be ended, begin again, fold again, and be ended again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.billing.choices import MrrPolicy, parse
from streams.core.rules import Rules
from streams.live.engine.observed_store import READS, ObservedStore
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from streams.live.store.port import Position
from tests.streams.live.test_capacity import TYPES, subscribed
from tests.support.batches import Tables, written
from tests.support.records import CODEC

if TYPE_CHECKING:
    from streams.live.store.port import Store

CHANGES = 10_000


OTHER = Rules(mrr=(MrrPolicy("cxledger", 0, "v2", parse("cxledger", "churn=effective rate_of=purchase")),))


def _under_other_rules(store: Store, beats: list[int]) -> tuple[int, Tables]:
    """Return the signs of life while many changes were folded again under another policy, and the rows of that."""
    partition = Partition("any", 0, store, codec=CODEC, rules=Rules(), types=TYPES, epoch=0)
    changes = [
        subscribed(1, "s1"),
        *(subscribed(each, "s1", kind="subscription_changed") for each in range(2, CHANGES)),
    ]
    while changes:
        batch = partition.process(changes[:500])
        partition.commit(batch)
        changes = changes[batch.records :]
    partition.use(OTHER)
    tables: Tables = {}
    most = 0
    while partition.next_deadline() == 0:
        before = len(beats)
        batch = partition.tick(0)
        most = max(most, len(beats) - before)
        written(tables, batch)
        partition.commit(batch)
    return most, tables


def test_a_long_history_that_is_folded_again_gives_signs_of_life_and_the_same_rows() -> None:
    """One sign in some thousands of events is far less than a second of folding."""
    beats: list[int] = []
    most, rows = _under_other_rules(ObservedStore(MemoryStore(), lambda: beats.append(1)), beats)
    assert most >= 2
    assert rows == _under_other_rules(MemoryStore(), [])[1]


def test_it_is_the_store_in_everything_else() -> None:
    """State that is parked over a rebalance goes on under the store itself."""
    store = MemoryStore()
    observed = ObservedStore(store, lambda: None)
    observed.put_all({b"a": b"1", b"b": b"2", b"c": None})
    observed.set_position(Position(7, 8, b"9"))
    assert (observed.get(b"a"), len(observed), dict(observed.scan())) == (b"1", 2, {b"a": b"1", b"b": b"2"})
    assert observed.position == store.position == Position(7, 8, b"9")
    observed.clear()
    assert len(store) == 0


def test_opening_a_store_gives_signs_of_life() -> None:
    """Ten million keys are looked through when a partition is opened."""
    store, beats = MemoryStore(), []
    store.put_all({b"%d" % number: b"" for number in range(10 * READS)})
    assert len(list(ObservedStore(store, lambda: beats.append(1)).scan())) == 10 * READS
    assert len(beats) == 10
