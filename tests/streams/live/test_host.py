"""The worker program: Faust, the engine in its thread, webhook, board and endpoints, on a real broker."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from infra.stack import Stack
from schemas.codec import Codec
from streams.live.delivery import sign
from tests.streams.live.harness import ROOT
from tests.streams.live.in_process import wait_until

pytestmark = pytest.mark.servers

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

    def start(self, *, refuse: bool = False) -> subprocess.Popen[bytes]:
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
            "refuse": refuse,
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
        return json.loads(self.get(path)[1] or b"null")

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
        assert producer.flush(10) == 0

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()


@pytest.fixture
def worker(stack: Stack, prefix: str, tmp_path: Path) -> Iterator[Worker]:
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    compact = {"cleanup.policy": "compact"}
    sources = {"survey": 4, "reference": 4, "config": 1}
    new = [NewTopic(prefix + name, n, 1) for name, n in {**sources, "signals": 4, "dead-letters": 4}.items()]
    new += [NewTopic(f"{prefix}{name}-changelog", n, 1, config=compact) for name, n in sources.items()]
    for done in admin.create_topics(new).values():
        done.result(10)
    with Receiver() as receiver:
        made = Worker(stack, prefix, tmp_path, receiver)
        yield made
        for process in made.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)
        receiver.shutdown()


def test_a_worker_delivers_counts_answers_and_stops(worker: Worker) -> None:
    """The whole program once: an unhappy customer in, a signed webhook out, figures on every page, a clean end."""
    process = worker.start()
    wait_until(lambda: worker.get("/health")[0] == 200, 60)
    for number, score in enumerate((2.0, 8.0, 10.0)):
        worker.respond(number, score)
    worker.produce(b"no event at all", "acc-0")
    wait_until(lambda: len(worker.receiver.taken) == 1)
    headers, body = worker.receiver.taken[0]
    said = json.loads(body)
    assert (said["kind"], said["account_id"], said["subject_id"]) == ("detractor_waiting", "acc-0", "r0")
    assert headers["webhook-id"] == said["signal_id"]
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == sign([SECRET.encode()], said["signal_id"], stamp, body)

    wait_until(lambda: sum(minute["counts"]["dead_letters"] for minute in worker.json("/board")) == 1)
    counts = [minute["counts"] for minute in worker.json("/board")]
    assert {name: sum(c[name] for c in counts) for name in counts[0]} == {
        "responses": 3,
        "promoters": 1,
        "passives": 1,
        "detractors": 1,
        "dead_letters": 1,
    }
    wait_until(lambda: worker.json("/lag")["consumed"] == 4)
    assert worker.json("/lag")["dead_letters"] == 1
    assert b"cx_records_total 4.0" in worker.get("/metrics")[1]
    assert worker.get("/table/")[0] == 404, "Faust's own pages would serve table data"

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    topics = AdminClient({"bootstrap.servers": worker.stack.bootstrap}).list_topics(timeout=10).topics
    assert f"{worker.prefix}host-board-changelog" in topics, "Faust's own topics carry the prefix"


def test_a_signal_is_not_delivered_again_by_the_next_process(worker: Worker) -> None:
    """The memory of delivered ids is a table with a changelog; the topic may be read again from anywhere."""
    first = worker.start()
    worker.respond(0, 1.0)
    wait_until(lambda: len(worker.receiver.taken) == 1, 60)
    time.sleep(1)
    first.kill()
    first.wait(10)
    again = worker.receiver.taken[0][1]
    producer = Producer({"bootstrap.servers": worker.stack.bootstrap, "partitioner": "murmur2_random"})
    said = json.loads(again)
    producer.produce(f"{worker.prefix}signals", CODEC.encode("signal_raised", said), said["account_id"])
    assert producer.flush(10) == 0
    worker.start()
    worker.respond(3, 1.0)
    wait_until(lambda: len(worker.receiver.taken) == 2, 60)
    assert json.loads(worker.receiver.taken[1][1])["subject_id"] == "r3"


def test_an_engine_that_stops_ends_the_process(worker: Worker) -> None:
    """A worker whose engine has stopped but whose pages still answer would look well and do nothing."""
    worker.respond(0, 9.0)
    process = worker.start(refuse=True)
    assert process.wait(60) == 3
    assert "the engine has stopped: sink refused" in worker.log
