"""The proxy must do to connections what scenarios believe it does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.toxiproxy import Link, NoProxyError, program, proxies

pytestmark = [pytest.mark.servers, pytest.mark.faults]


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets."""

    def serve(near: socket.socket) -> None:
        with near:
            while data := near.recv(65536):
                near.sendall(data)

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(near,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def link(echo: int, tmp_path: Path) -> Iterator[Link]:
    try:
        program()
    except NoProxyError as reason:
        pytest.skip(str(reason))
    with proxies(tmp_path) as running:
        yield running.link("echo", echo)


def said_back(link: Link, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", link.port), timeout=5) as near:
        near.sendall(data)
        got = b""
        while len(got) < len(data) and (more := near.recv(65536)):
            got += more
        return got


def test_a_link_cuts_breaks_off_and_heals(link: Link) -> None:
    """A fault that is not done, or not undone, would prove the wrong thing."""
    assert said_back(link, b"whole") == b"whole"
    link.add("limit_data", bytes=3)
    assert said_back(link, b"broken") == b"bro"
    link.cut()
    with pytest.raises(ConnectionError):
        said_back(link, b"refused")
    link.clear()
    assert said_back(link, b"healed") == b"healed"
