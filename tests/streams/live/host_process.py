"""The worker program as a process, a webhook receiver for it, and what a test may ask of both."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from infra.stack import Stack
from schemas.codec import Codec
from tests.streams.live.harness import ROOT
from tests.support.waiting import wait_until

SECRET = "a secret of this test"
CODEC = Codec()


class Receiver(ThreadingHTTPServer):
    """A webhook receiver that fails its first request and then takes everything."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.refusals = 1
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/signals"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver: Any = self.server
        if receiver.refusals:
            receiver.refusals -= 1
            self.send_response(503)
        else:
            receiver.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Worker:
    """One worker process and what a test may ask of it."""

    stack: Stack
    prefix: str
    directory: Path
    receiver: Receiver
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **more: Any) -> subprocess.Popen[bytes]:
        """Start a process; `more` is told to it, see `host_worker`."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        engine = {"bootstrap": self.stack.bootstrap, "group": f"{self.prefix}g", "prefix": self.prefix, "member": "w"}
        told = {
            "engine": engine,
            "data_dir": str(self.directory / "faust"),
            "web_port": self.port,
            "webhook_url": self.receiver.url,
            "secret": SECRET,
            **more,
        }
        with (self.directory / "log").open("ab") as log:
            command = [sys.executable, "-m", "tests.streams.live.host_worker", json.dumps(told)]
            self.processes.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
        return self.processes[-1]

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def json(self, path: str) -> Any:
        """What a page says, asked for until the worker answers: under load it may not do so in time."""
        said: list[bytes] = []

        def has_answered() -> bool:
            assert self.processes[-1].poll() is None, self.log[-3000:]
            status, body = self.get(path)
            said.append(body)
            return status == 200

        wait_until(has_answered)
        return json.loads(said[-1])

    def respond(self, number: int, score: float) -> None:
        now = time.time_ns() // 1000
        event = {
            "event_id": f"00000000-0000-4000-8000-{number:012d}",
            "account_id": f"acc-{number % 3}",
            "occurred_at": now,
            "source": "test:1",
            "response_id": f"r{number}",
            "survey_id": "s1",
            "survey_version": 1,
            "submitted_at": now,
            "answers": [{"question_id": "q1", "kind": "NPS", "number": score}],
        }
        self.produce(CODEC.encode("response_submitted", event), f"acc-{number % 3}")

    def produce(self, value: bytes, key: str) -> None:
        producer = Producer({"bootstrap.servers": self.stack.bootstrap, "partitioner": "murmur2_random"})
        producer.produce(f"{self.prefix}survey", value, key)
        assert producer.flush(60) == 0

    @contextmanager
    def open_transaction(self) -> Iterator[None]:
        """Keep a stranger's transaction open on every partition of the survey topic, and abort it in the end."""
        stranger = Producer({"bootstrap.servers": self.stack.bootstrap, "transactional.id": f"{self.prefix}stranger"})
        stranger.init_transactions(60)
        stranger.begin_transaction()
        for number in range(4):
            stranger.produce(f"{self.prefix}survey", b"", b"", number)
        assert stranger.flush(60) == 0
        yield
        stranger.abort_transaction(60)

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()
