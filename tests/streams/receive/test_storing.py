"""A record is stored, or its sender is told so in time; what waits for Kafka is bounded."""

import asyncio
import time

import pytest

from infra.stack import Stack
from streams.ingest.raw import SealedRecord
from streams.receive.storing import Store, UnstoredError

RECORD = SealedRecord(b"1", b"x" * 1000, [("cx-instance", b"main")])


@pytest.mark.servers
def test_many_at_once_are_stored_and_an_unknown_topic_is_not(stack: Stack, prefix: str) -> None:
    """Topics are made from their records alone: storing must not make one with the broker's own settings."""

    async def act() -> None:
        store = Store(stack.bootstrap, {}, patience=2)
        with pytest.raises(UnstoredError):
            await store.put(f"{prefix}raw.none", RECORD)
        assert not store.is_well
        await store.close()
        assert store.held == 0

    asyncio.run(act())


@pytest.mark.servers
def test_without_a_broker_it_says_so_in_time_and_holds_no_more_than_allowed() -> None:
    """Senders give up after five seconds; what they sent must not pile up here meanwhile."""

    async def act() -> None:
        store, began = Store("127.0.0.1:1", {}, most_bytes=5000, patience=0.5), time.monotonic()
        puts = [asyncio.create_task(store.put("t", RECORD)) for _ in range(10)]
        await asyncio.sleep(0)
        assert [put.done() for put in puts] == [False] * 3 + [True] * 7
        assert store.held <= 5000
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert all(isinstance(result, UnstoredError) for result in results)
        assert time.monotonic() - began < 4
        await store.close()

    asyncio.run(act())
