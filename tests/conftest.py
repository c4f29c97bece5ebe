"""The servers that marked tests share, names of their own for each, and no network for all others."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from confluent_kafka.admin import AdminClient

from infra import settings
from infra.stack import Choice, Stack, choose
from tests.support import profiles
from tests.support.clickhouse import query

profiles.load()
ONLINE = ("servers", "real_data", "faults")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and ClickHouse for the whole session, started when the first test asks; CX_TEST_STACK picks them."""
    choice = os.environ.get("CX_TEST_STACK", "embedded")
    if choice not in get_args(Choice):
        pytest.exit(f"CX_TEST_STACK is {choice!r}: give one of {', '.join(get_args(Choice))}", returncode=1)
    told = settings.from_environment(os.environ)
    with choose(choice, told, tmp_path_factory.mktemp("stack"), others=["cx_*"]) as running:
        yield running


@pytest.fixture
def prefix(stack: Stack) -> Iterator[str]:
    """A prefix of topic names that no other test has; its topics are deleted afterwards."""
    name = f"t{secrets.token_hex(4)}."
    yield name
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    topics = [topic for topic in admin.list_topics(timeout=60).topics if topic.startswith(name)]
    for deleted in admin.delete_topics(topics).values() if topics else ():
        deleted.result(timeout=60)


@pytest.fixture
def database(stack: Stack) -> Iterator[str]:
    """A database name that no other test has; it and every database named after it are dropped afterwards."""
    name = f"cx_t{secrets.token_hex(4)}"
    yield name
    named = query(stack, f"SELECT name FROM system.databases WHERE startsWith(name, '{name}')")
    for database in named.split():
        query(stack, f"DROP DATABASE {database} SYNC")


@pytest.fixture(autouse=True)
def offline(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bar unmarked tests from the network, loopback included.

    A refused attempt fails the test once more when it ends, so that no `except` of the tested code hides it.
    Sockets that librdkafka opens are its own and are not seen here.
    """
    if any(request.node.get_closest_marker(name) for name in ONLINE):
        yield
        return
    attempts: list[str] = []
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _barred(getattr(socket.socket, name), attempts))
    yield
    if attempts:
        pytest.fail(f"an unmarked test reached for the network: {', '.join(attempts)}; mark it `servers`")


def _barred(original: Callable[..., Any], attempts: list[str]) -> Callable[..., Any]:
    def attempt(self: socket.socket, *arguments: Any) -> Any:
        if self.family not in (socket.AF_INET, socket.AF_INET6):
            return original(self, *arguments)
        attempts.append(str(arguments[-1]))
        raise ConnectionRefusedError(f"no network in an unmarked test: {arguments[-1]}")

    return attempt
