"""Measure what a webhook costs `cx receive`: `python -m bench.receive` prints it.

Starts Kafka and the receiver on loopback and sends Stripe's deliveries of about 600 bytes, signed, over a few dozen
connections, each the next once its answer has come. Then the same with connections beside them that are held open and
send half a body (`--slow`), which come again when they are cut off. Last, the same requests to aiohttp alone, which
reads the body and answers. Processor time is the receiver's own: deliveries a second of one core are its reciprocal.
Exit status 1 where that is under 2,000, or an accepted delivery is not on Kafka; who was cut off sends again, so there
may be more.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hmac
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web
from confluent_kafka import Consumer, TopicPartition

from bench.latency import quantile
from bench.usage import Usage
from infra.embedded import kafka

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WANTED = 2_000
CONNECTIONS = 32
WARM = 2_000
SECRET = "whsec_bench"
BODY = (
    b'{"id":"evt_%08d","object":"event","type":"customer.updated","data":{"object":{"id":"cus_1","email":"'
    + b"x" * 440
    + b'"}}}'
)
FILE = "stripe: {main: {secrets: [env:STRIPE_SECRET], body_keys: [env:STRIPE_KEY], rate: 100000}}\n"
HEAD = b"POST /hooks/stripe/main HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


class Cost(NamedTuple):
    """Cost of one run: `cpu_us` of the server's processor time for each delivery, latencies in milliseconds."""

    what: str
    deliveries: int
    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    peak_mib: float

    @property
    def of_a_core(self) -> float:
        """Return how many deliveries a second one core takes."""
        return 1e6 / self.cpu_us


def request(number: int, at: int) -> bytes:
    """Return a signed delivery as bytes."""
    body = BODY % number
    signature = hmac.new(SECRET.encode(), b"%d.%b" % (at, body), "sha256").hexdigest().encode()
    signed = b"Stripe-Signature: t=%d,v1=%b\r\n" % (at, signature)
    return HEAD + signed + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def send(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send all of them and return how long each answer took, in seconds; raises where one is not 2xx.

    Who is cut off opens another connection and sends again, as vendors do.
    """
    left, took = list(reversed(requests)), list[float]()

    async def deliver() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while left:
                began, each = time.perf_counter(), left.pop()
                try:
                    writer.write(each)
                    head = await reader.readuntil(b"\r\n\r\n")
                except (OSError, asyncio.IncompleteReadError):
                    left.append(each)
                    raise
                took.append(time.perf_counter() - began)
                if not head.startswith(b"HTTP/1.1 2"):
                    raise RuntimeError(head.split(b"\r\n")[0].decode())
        finally:
            writer.close()

    async def one() -> None:
        while left:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await deliver()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return took


async def hold(port: int) -> None:
    """Hold a connection open with half a body, and another one when it is cut off."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"Content-Length: 1000\r\n\r\n{")
            await reader.read()
            writer.close()
        await asyncio.sleep(1)


async def measured(what: str, port: int, usage: Usage, deliveries: int, slow: int = 0) -> Cost:
    """Send so many deliveries beside so many slow senders."""
    requests = [request(number, int(time.time())) for number in range(deliveries)]
    crowd = [asyncio.create_task(hold(port)) for _ in range(slow)]
    await send(port, requests[:WARM])
    before, _ = usage.read()
    began = time.perf_counter()
    took = sorted(await send(port, requests))
    seconds, (after, resident) = time.perf_counter() - began, usage.read()
    for each in crowd:
        each.cancel()
    cpu_us = (after - before) / deliveries * 1e6
    p50, p99 = (quantile(took, share) * 1000 for share in (0.5, 0.99))
    return Cost(what, deliveries, deliveries / seconds, cpu_us, p50, p99, resident / (1 << 20))


@contextlib.contextmanager
def receiver(bootstrap: str, folder: Path) -> Iterator[tuple[int, Usage]]:
    """Run `cx receive`; yields its port and what it uses."""
    (folder / "sources.yaml").write_text(FILE)
    told = {
        **os.environ,
        "CX_STACK": "external",
        "CX_KAFKA_BOOTSTRAP": bootstrap,
        "CX_SOURCES": str(folder / "sources.yaml"),
        "STRIPE_SECRET": SECRET,
        "STRIPE_KEY": base64.b64encode(bytes(range(32))).decode(),
    }
    with started([sys.executable, "-m", "infra.cli", "receive", "--port", "0"], told) as running:
        yield running


@contextlib.contextmanager
def started(command: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[int, Usage]]:
    """Run a server that prints its address first; yields its port and what it uses."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r":([0-9]+)", process.stdout.readline())
            if found is None:
                raise RuntimeError(f"{command[-1]} did not start")
            yield int(found[1]), Usage.of([process.pid])
        finally:
            process.terminate()


def bare() -> None:
    """Serve with aiohttp alone: read the body, answer 200."""

    async def answer(asked: web.Request) -> web.Response:
        await asked.read()
        return web.Response()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/hooks/{vendor}/{instance}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


def stored(bootstrap: str) -> int:
    """Return how many records the raw topic has."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench"})
    places = [TopicPartition("cx.raw.stripe", number) for number in range(4)]
    count = sum(consumer.get_watermark_offsets(place, timeout=20)[1] for place in places)
    consumer.close()
    return int(count)


def run(deliveries: int, slow: int) -> int:
    costs: list[Cost] = []
    with tempfile.TemporaryDirectory() as name, kafka.start(Path(name) / "kafka") as broker:
        with receiver(broker.bootstrap, Path(name)) as (port, usage):
            costs.append(asyncio.run(measured("cx receive", port, usage, deliveries)))
            sent = deliveries + WARM
            if slow:
                costs.append(asyncio.run(measured(f"beside {slow:,} slow senders", port, usage, deliveries, slow)))
                sent *= 2
        found = stored(broker.bootstrap)
    with started([sys.executable, "-m", "bench.receive", "--bare"], dict(os.environ)) as (port, usage):
        costs.append(asyncio.run(measured("aiohttp alone", port, usage, deliveries)))
    titles = "sent/s", "µs CPU", "/s, core", "ratio", "p50 ms", "p99 ms", "MiB"
    print(f"{'':28s}" + "".join(f"{title:>10s}" for title in titles))
    for cost in costs:
        ratio = cost.of_a_core / costs[-1].of_a_core
        print(
            f"{cost.what:28s}{cost.rate:10,.0f}{cost.cpu_us:10.0f}{cost.of_a_core:10,.0f}{ratio:10.2f}"
            f"{cost.p50_ms:10.1f}{cost.p99_ms:10.1f}{cost.peak_mib:10.0f}"
        )
    print(f"accepted {sent:,}, on Kafka {found:,}")
    return 0 if found >= sent and costs[0].of_a_core >= WANTED else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=40_000)
    parser.add_argument("--slow", type=int, default=0, help="slow senders beside them in a second run")
    parser.add_argument("--bare", action="store_true", help="be the server that does nothing, for comparison")
    asked = parser.parse_args()
    if asked.bare:
        bare()
    return run(asked.deliveries, asked.slow)


if __name__ == "__main__":
    sys.exit(main())
