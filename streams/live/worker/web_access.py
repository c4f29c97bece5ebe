"""Access to a worker's web: programs that use a name of this machine; no page of a browser, no connection without end.

A browser sends the Origin of the page that it shows, or, where somebody bound their own name to this address, that
name as the Host.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.web_protocol import RequestHandler

HEADER_SECONDS: Final = 10.0
"""For so long a connection may stay without a whole request on it."""
IDLE_SECONDS: Final = 30.0
MOST_CONNECTIONS: Final = 2000
_PORT: Final = re.compile(r":[0-9]*$")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def refusal(headers: Any, host: str) -> str:
    """Return why a request is not answered, empty where it is. `host` is the address that the web listens on.

    A worker that listens on more than loopback is called by names that it cannot know.
    """
    if "Origin" in headers:
        return "no web page may ask here"
    named = _PORT.sub("", headers.get("Host", "")).lower()
    if is_loopback(host) and named not in _LOCAL | {host}:
        return "this worker has no such name"
    return ""


def is_loopback(host: str) -> bool:
    """Return whether an address that is listened on can be reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def guard(host: str) -> Any:
    """Return the middleware that refuses with status 403."""

    @web.middleware
    async def guarded(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if said := refusal(request.headers, host):
            return web.Response(status=403, text=f"{said}\n")
        return await handler(request)

    return guarded


class _Server(web.Server):
    """Ends connections on which no request has come in time, and the oldest where there are more than `most`.

    One counts as new again with each request behind another: it has let itself be answered before.
    """

    def __init__(self, handler: Any, *, request_factory: Any, seconds: float, most: int, **options: Any) -> None:
        self._seconds, self._asked = seconds, set[Any]()
        self._most, self._open = most, dict[Any, asyncio.Transport]()  # in the order in which they came
        made = request_factory

        def noted(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> Any:
            if protocol in self._asked and protocol in self._open:
                self._open[protocol] = self._open.pop(protocol)
            self._asked.add(protocol)
            return made(message, payload, protocol, writer, task)

        super().__init__(handler, request_factory=noted, **options)

    def __call__(self) -> RequestHandler:
        connection = super().__call__()
        asyncio.get_running_loop().call_later(self._seconds, self._expire, connection)
        return connection

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._open[handler] = transport
        if len(self._open) > self._most:
            self._open.pop(next(iter(self._open))).abort()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        self._asked.discard(handler)
        self._open.pop(handler, None)
        super().connection_lost(handler, exc)

    def _expire(self, connection: RequestHandler) -> None:
        if connection not in self._asked and connection.transport is not None:
            connection.transport.abort()


class Runner(web.AppRunner):
    """Runs a web application whose connections do not stay open half; `options` are those of aiohttp's handler.

    Of more than `most` connections the oldest is cut off: who only holds them open is older than who asks something.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        seconds: float = HEADER_SECONDS,
        most: int = MOST_CONNECTIONS,
        **options: Any,
    ) -> None:
        super().__init__(app, access_log=None, keepalive_timeout=IDLE_SECONDS, **options)
        self._seconds, self._most = seconds, most

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return _Server(
            plain.request_handler,
            request_factory=plain.request_factory,
            seconds=self._seconds,
            most=self._most,
            **self._kwargs,
        )
