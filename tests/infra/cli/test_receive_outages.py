"""What was answered 2xx is on Kafka, whoever is killed meanwhile: the broker, or the receiver itself."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from bench.receive import receiver, request
from infra.embedded import kafka
from streams.ingest.raw import BodyKeys

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.long]
SENDERS = 16
TOPIC = "cx.raw.stripe"


class Vendor:
    """Sends deliveries without end, each with a number of its own, and notes which were answered 200."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.accepted: set[int] = set()
        self.statuses: Counter[str] = Counter()
        self.is_done = False
        self._number, self._news = 0, asyncio.Event()

    async def run(self) -> None:
        await asyncio.gather(*(self._sender() for _ in range(SENDERS)))

    async def _sender(self) -> None:
        while not self.is_done:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._connection()
            await asyncio.sleep(0.1)

    async def _connection(self) -> None:
        """Send until something else than 200 comes, or the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            status = "200"
            while status == "200" and not self.is_done:
                self._number += 1
                number = self._number
                writer.write(request(number, int(time.time())))
                status = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
                self.statuses[status] += 1
                if status == "200":
                    self.accepted.add(number)
                self._news.set()
        finally:
            writer.close()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that answers bring about."""
        async with asyncio.timeout(60):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def until_more(self, count: int) -> None:
        """Wait until so many more were accepted."""
        wanted = len(self.accepted) + count
        await self.until(lambda: len(self.accepted) >= wanted)


def stored(bootstrap: str) -> Counter[int]:
    """Return how often each number is on the raw topic."""
    keys, found = BodyKeys([bytes(range(32))]), Counter[int]()
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "recount"})
    places = [TopicPartition(TOPIC, number, 0) for number in range(4)]
    left = sum(consumer.get_watermark_offsets(place, timeout=20)[1] for place in places)
    consumer.assign(places)
    while found.total() < left:
        bodies = [keys.open(TOPIC, each.value(), each.headers()).body for each in consumer.consume(1000, 1)]
        found.update(int(json.loads(body)["id"].removeprefix("evt_")) for body in bodies)
    consumer.close()
    return found


def test_nothing_that_was_accepted_is_lost_when_kafka_and_the_receiver_are_killed(tmp_path: Path) -> None:
    """A vendor forgets what it got a 2xx for, and what it did not get one for it sends again."""
    home = tmp_path / "kafka"

    async def act() -> Counter[int]:
        with kafka.start(home) as broker, receiver(broker.bootstrap, tmp_path) as (port, usage):
            vendor = Vendor(port)
            sending = asyncio.create_task(vendor.run())
            await vendor.until_more(500)
            os.kill(broker.pid, signal.SIGKILL)
            await vendor.until(lambda: vendor.statuses["503"] > 0)
            with await asyncio.to_thread(kafka.start, home) as again:
                assert again.bootstrap == broker.bootstrap
                await vendor.until_more(500)
                usage.roots[0].kill()
                with receiver(again.bootstrap, tmp_path) as (vendor.port, _):
                    await vendor.until_more(500)
                    vendor.is_done = True
                    await sending
                found = stored(again.bootstrap)
        assert set(vendor.statuses) == {"200", "503"}
        assert not vendor.accepted - found.keys()
        return found

    assert asyncio.run(act()).total() >= 1500
