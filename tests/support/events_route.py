"""`/v1/events` on loopback, as emitters and servers agreed: lines judged one by one, over real HTTP."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

from streams.emit.admission import RefusedEventError, admitted
from streams.receive.event_json import TYPE, completed, objects
from tests.support.records import CODEC

TOKEN = "t0ken"


class Route:
    """`taken` holds the records that were stored, by event id; `first` are statuses that are answered before that."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.hangs_up = False
        """Whether it closes a connection behind an answer without a word, as servers do with idle ones."""
        self.taken: dict[str, bytes] = {}
        self.requests: list[dict[str, str]] = []
        self.first: list[int] = []
        self.refusing: dict[str, str] = {}
        """Event types that it refuses by a rule of its own, with the reason."""

    def judge(self, body: bytes) -> dict[str, Any]:
        refused, accepted = [], 0
        for number, line in enumerate(body.decode().splitlines(), 1):
            ((_, fields),) = objects(line)
            event_type = fields.pop(TYPE)
            try:
                self.taken[fields["event_id"]] = self._record(event_type, fields)
                accepted += 1
            except RefusedEventError as error:
                told = {"line": number, "event_id": fields["event_id"], "reason": error.reason, "detail": error.detail}
                refused.append(told)
        return {"accepted": accepted, "refused": refused}

    def _record(self, event_type: str, fields: dict[str, Any]) -> bytes:
        if event_type in self.refusing:
            raise RefusedEventError(event_type, self.refusing[event_type], "by the server alone")
        return admitted(CODEC, event_type, completed(event_type, fields), time.time_ns() // 1000)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    route: ClassVar[Route]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.route.requests.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        if self.route.first:
            return self.answer(self.route.first.pop(0), {})
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "wrong token"})
        return self.answer(200, self.route.judge(body))

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = self.route.hangs_up

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet."""


@contextmanager
def serve(tls: ssl.SSLContext | None = None) -> Iterator[Route]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    route = Route(server.server_port, "http" if tls is None else "https")
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"route": route})
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield route
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
