"""A receiver over a socket of this machine, with its records in memory: real HTTP without the network."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web

from streams.ingest.raw import BodyKeys, Raw, SealedRecord
from streams.receive.counting import Counts
from streams.receive.endpoint import Endpoint
from streams.receive.events import MOST_BYTES, EventReceiver, EventSource
from streams.receive.reading import Reading
from streams.receive.receiving import Receiver
from streams.receive.serving import application, runner
from streams.receive.storing import UnstoredError
from tests.support.records import CODEC
from tests.support.signing import NOW

KEYS = BodyKeys([bytes(range(32))])


class Kept:
    """A store in memory, which can be away."""

    def __init__(self) -> None:
        self.records: list[tuple[str, SealedRecord]] = []
        self.is_away = False

    async def put(self, topic: str, record: SealedRecord) -> None:
        if self.is_away:
            raise UnstoredError("away")
        self.records.append((topic, record))

    def opened(self) -> list[Raw]:
        return [KEYS.open(topic, record.value, record.headers) for topic, record in self.records]


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


class Served(NamedTuple):
    """A receiver that listens on a socket's path."""

    path: str
    kept: Kept
    counts: Counts
    session: aiohttp.ClientSession

    async def send(
        self, hook: str, body: bytes | AsyncIterator[bytes], headers: Mapping[str, Sequence[str]], method: str = "POST"
    ) -> Answer:
        """Send a request; content-type is JSON unless `headers` say otherwise, or hold it without a value."""
        pairs = [("Content-Type", "application/json")] if "content-type" not in headers else []
        pairs += [(name, value) for name, values in headers.items() for value in values]
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        asked = {"data": data, "headers": pairs, "skip_auto_headers": ["Content-Type"]}
        async with self.session.request(method, f"http://localhost{hook}", **asked) as response:  # type: ignore[arg-type]
            return Answer(response.status, response.headers, await response.text())

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return what comes back until the connection ends."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer


def endpoint(vendor: str, secrets: Sequence[str], *, rate: float = 1000.0, instance: str = "main") -> Endpoint:
    return Endpoint(vendor, instance, secrets, KEYS, prefix="cx.", rate=rate, clock=lambda: 0.0)


@asynccontextmanager
async def served(
    endpoints: Sequence[Endpoint],
    *,
    reading: Reading | None = None,
    most: int = 2000,
    posting: Sequence[EventSource] = (),
) -> AsyncIterator[Served]:
    kept, counts, reading = Kept(), Counts({}), reading or Reading()
    events = EventReceiver(
        posting, CODEC, kept, Reading(MOST_BYTES), counts, prefix="cx.", clock=lambda: int(NOW * 1e6)
    )
    receiver = Receiver(endpoints, kept, reading, counts, clock=lambda: int(NOW * 1e6))
    running = runner(
        application(receiver, events, counts, lambda: not kept.is_away, "127.0.0.1"), most=most, linger=0.05
    )
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "socket")
        await running.setup()
        await web.UnixSite(running, path).start()
        try:
            async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session:
                yield Served(path, kept, counts, session)
        finally:
            await running.cleanup()


def run(
    endpoints: Sequence[Endpoint],
    act: Callable[[Served], Awaitable[None]],
    reading: Reading | None = None,
    *,
    most: int = 2000,
    posting: Sequence[EventSource] = (),
) -> None:
    """Serve for the length of `act`."""

    async def whole() -> None:
        async with served(endpoints, reading=reading, most=most, posting=posting) as here:
            await act(here)

    asyncio.run(whole())
