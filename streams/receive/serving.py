"""Serves the receiver over HTTP: bounds on connections, headers and time, `/health` and `/metrics`."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from streams.live.worker.web_access import Runner, refusal
from streams.receive import openapi
from streams.receive.events import PATH

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from streams.receive.counting import Counts
    from streams.receive.events import EventReceiver
    from streams.receive.receiving import Receiver

PROMETHEUS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
MOST_CONNECTIONS = 10_000
"""One takes about 14 kB."""
OTHER_FILES = 200
LINGER_SECONDS = 3.0
"""For so long what an answered sender still sends is read and thrown away, so that it gets to read the answer."""
STOP_SECONDS = 6.0
http_log = logging.getLogger("streams.receive.http")


class Address(NamedTuple):
    """Where to listen; `tls` is None behind a proxy that ends it."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class _Discreet(logging.Filter):
    """Leaves out what was sent: aiohttp logs a request that is no HTTP with the line that is wrong in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            kind = record.exc_info[0]
            record.msg, record.args, record.exc_info = "a request was no HTTP: %s", (kind and kind.__name__,), None
        return True


http_log.addFilter(_Discreet())


def application(
    receiver: Receiver, events: EventReceiver, counts: Counts, is_well: Callable[[], bool], host: str
) -> web.Application:
    """Return the application. `is_well` says whether what came last was stored; `host` is what it listens on."""
    described = openapi.document(version("cxledger"))
    hook = "/hooks/{vendor}/{instance}"

    async def health(_request: web.Request) -> web.Response:
        state = "storing" if is_well() else "Kafka does not store"
        return web.json_response({"state": state}, status=200 if is_well() else 503)

    async def metrics(request: web.Request) -> web.Response:
        if said := refusal(request.headers, host):
            return web.Response(status=403, text=f"{said}\n")
        return web.Response(body=counts.render(), headers=PROMETHEUS)

    async def description(_request: web.Request) -> web.Response:
        return web.json_response(described)

    app = web.Application()
    app.router.add_post(PATH, events.post)
    app.router.add_get("/openapi.json", description)
    app.router.add_post(hook, receiver.deliver)
    app.router.add_route("OPTIONS", hook, receiver.shake_hands)
    app.router.add_get("/health", health)
    app.router.add_get("/metrics", metrics)
    return app


def runner(app: web.Application, *, most: int = MOST_CONNECTIONS, linger: float = LINGER_SECONDS) -> Runner:
    """Return what runs it: bodies as they were sent, neither inflated nor waited for without end."""
    return Runner(
        app,
        most=most,
        auto_decompress=False,
        lingering_time=linger,
        logger=http_log,
        shutdown_timeout=STOP_SECONDS,
    )


def room() -> int:
    """Return how many connections there may be, once this process may open as many files as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        most = MOST_CONNECTIONS + OTHER_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(1, min(MOST_CONNECTIONS, most - OTHER_FILES))


async def serve(app: web.Application, address: Address, told: Callable[[str], None]) -> None:
    """Serve until the process is told to end, then answer what has come. `told` hears where, once it listens."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    running = runner(app, most=room())
    await running.setup()
    try:
        site = web.TCPSite(running, address.host, address.port, ssl_context=address.tls)
        await site.start()
        scheme, port = ("http" if address.tls is None else "https"), running.addresses[0][1]
        told(f"{scheme}://{address.host}:{port}")
        await ended.wait()
    finally:
        await running.cleanup()
