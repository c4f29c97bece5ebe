"""The broker's code comes over the network once: it must be the right code, and come once only."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor, wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import jgo
import pytest

from infra.embedded import jars, kafka
from infra.embedded.errors import EmbeddedServerError

COORDINATE = "org.example:thing:1.0"
JAR = b"PK jar"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Maven repository, and nothing to fill it from."""
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    return tmp_path / "m2"


@pytest.fixture
def locked(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of the only jar that a lock of one names."""
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({COORDINATE: hashlib.sha256(JAR).hexdigest()}))
    monkeypatch.setattr(jars, "_LOCK", lock)
    place = repository / "org/example/thing/1.0/thing-1.0.jar"
    place.parent.mkdir(parents=True)
    return place


def test_a_jar_that_is_there_is_not_fetched(locked: Path) -> None:
    """The second start works offline."""
    locked.write_bytes(JAR)
    said: list[str] = []
    assert jars.class_path(said.append) == [locked]
    assert said == []


@pytest.mark.servers
@pytest.mark.parametrize("content", [JAR[:-1], JAR + b"!", b""])
def test_a_damaged_jar_is_removed_and_fetched_again(locked: Path, content: bytes) -> None:
    """A download cut short stays in the repository, and would end in a riddle of Java's."""
    locked.write_bytes(content)
    with pytest.raises(EmbeddedServerError, match="the first start needs the network"):
        jars.class_path(lambda _: None)
    assert not locked.exists()


@pytest.mark.servers
@pytest.mark.usefixtures("repository")
def test_a_first_start_without_network_is_one_sentence(tmp_path: Path) -> None:
    """The commonest first experience behind a proxy; nothing may be left that stops the next try."""
    with pytest.raises(EmbeddedServerError, match=r"^Kafka's jars cannot be fetched .* needs the network"):
        kafka.start(tmp_path / "kafka")
    assert kafka.running(tmp_path / "kafka") is None


class _Slowly(BaseHTTPRequestHandler):
    """A repository that holds one jar and sends it in two halves."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.endswith(".jar"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(JAR)))
        self.end_headers()
        self.wfile.write(JAR[:3])
        time.sleep(0.5)
        self.wfile.write(JAR[3:])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.servers
def test_two_that_fetch_at_once_fetch_once(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two first starts side by side: a jar half written by one looked damaged to the other, which removed it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Slowly) as server, ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(jgo.constants, "MAVEN_CENTRAL_URL", f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        found = [pool.submit(jars.class_path, lambda _: None) for _ in range(2)]
        wait(found)
        server.shutdown()
    assert [each.result() for each in found] == [[locked]] * 2
    assert locked.read_bytes() == JAR
    assert [path for path in _Slowly.asked if path.endswith(".jar")] == ["/org/example/thing/1.0/thing-1.0.jar"]


def test_a_repository_that_cannot_be_written_is_one_sentence(repository: Path) -> None:
    """A file in its place is the mistake that even root cannot write through."""
    repository.write_text("")
    with pytest.raises(EmbeddedServerError, match=r"^the Maven repository .* cannot be written: "):
        jars.class_path(lambda _: None)


def test_the_lock_names_the_version_that_is_asked_for() -> None:
    """Changing the version without resolving again would start the old broker under the new name."""
    locked = json.loads(jars._LOCK.read_text())
    assert {jars.KAFKA, jars.LOGGING} <= set(locked)
    assert all(len(digest) == 64 for digest in locked.values())
