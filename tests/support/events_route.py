"""`/v1/events` on loopback over real HTTP, judging as the receiver does, and failing when it is told to."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

from streams.receive.judging import RefusedLine, judged, lines_of
from tests.support.records import CODEC

TOKEN, SOURCE = "t0ken", "shop:main"


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
        refused: list[RefusedLine] = []
        accepted, now = 0, time.time_ns() // 1000
        for number, line in lines_of(body):
            verdict = judged(CODEC, SOURCE, [(number, line)], now)
            refused += verdict.refused
            for _, record in verdict.accepted:
                event_type, fields = CODEC.decode(record.value)
                if reason := self.refusing.get(event_type):
                    refused.append(RefusedLine(number, fields["event_id"], reason, "by the server alone"))
                else:
                    self.taken[fields["event_id"]] = record.value
                    accepted += 1
        return {"accepted": accepted, "refused": [line._asdict() for line in refused]}


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
        verdict = self.route.judge(body)
        return self.answer(422 if verdict["refused"] and not verdict["accepted"] else 200, verdict)

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
