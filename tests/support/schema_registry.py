"""A small schema registry on loopback, real HTTP: the endpoints of Confluent's API reference that a codec needs."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class Registry:
    """`url` is where it answers; `requests` counts what it was asked; `failing` makes it answer 500.

    `said` is what it answers by the id of a schema instead, whatever that is.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.schemas: list[str] = []
        self.subjects: dict[str, list[int]] = {}
        self.requests: list[str] = []
        self.failing = False
        self.said: dict[int, bytes] = {}

    def register(self, subject: str, schema: str) -> int:
        """POST /subjects/(subject)/versions: ids count from 1 and are shared by equal schemas."""
        if schema not in self.schemas:
            self.schemas.append(schema)
        number = self.schemas.index(schema) + 1
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return number


class _Handler(BaseHTTPRequestHandler):
    registry: ClassVar[Registry]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        subject = re.fullmatch(r"/subjects/([^/?]+)/versions(\?.*)?", self.path)
        if subject is None:
            return self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})
        return self.answer(200, {"id": self.registry.register(subject[1], body["schema"])})

    def do_GET(self) -> None:
        wanted = re.fullmatch(r"/schemas/ids/(\d+)(\?.*)?", self.path)
        number = int(wanted[1]) if wanted else 0
        if number in self.registry.said:
            return self.send(200, self.registry.said[number])
        if not 0 < number <= len(self.registry.schemas):
            return self.answer(404, {"error_code": 40403, "message": "Schema not found"})
        return self.answer(200, {"schema": self.registry.schemas[number - 1]})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        if self.registry.failing:
            status, body = 500, {"error_code": 50001, "message": "Error in the backend datastore"}
        self.send(status, json.dumps(body).encode())

    def send(self, status: int, data: bytes) -> None:
        self.registry.requests.append(f"{self.command} {self.path}")
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet."""


@contextmanager
def serve() -> Iterator[Registry]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    registry = Registry(server.server_port)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"registry": registry})
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
