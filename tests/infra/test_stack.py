"""The stack that marked tests run on is the real thing, and unmarked tests reach nothing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from clickhouse_driver import Client
from confluent_kafka.admin import AdminClient, NewTopic

from infra import settings
from infra.embedded.errors import EmbeddedServerError
from infra.stack import Ports, Stack, choose, stop_running
from tests.support.clickhouse import query

LEFT: list[tuple[str, str]] = []
ROOT = Path(__file__).parents[2]
REACHING = """
import socket
from contextlib import suppress

def test_that_hides_its_attempt():
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", 1))

def test_that_needs_no_network():
    left, right = socket.socketpair()
    left.send(b"x")
    assert right.recv(1) == b"x"
"""


def test_an_unmarked_test_that_reaches_for_the_network_fails(tmp_path: Path) -> None:
    """Also when the tested code swallows the refusal: such a test would pass or fail with the weather."""
    (tmp_path / "test_reaching.py").write_text(REACHING)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "2 passed, 1 error" in run.stdout
    assert "reached for the network: ('127.0.0.1', 1)" in run.stdout


@pytest.mark.servers
def test_both_servers_answer_under_every_address_and_login(stack: Stack) -> None:
    """What the fixture hands out must work as it stands, on whichever stack was picked."""
    assert AdminClient({"bootstrap.servers": stack.bootstrap}).list_topics(timeout=10).brokers
    for user, password in stack.passwords.items():
        assert query(stack, "SELECT currentUser()", user) == f"{user}\n"
        client = Client(stack.clickhouse_host, stack.clickhouse_port, user=user, password=password)
        assert client.execute("SELECT currentUser()") == [(user,)]
        client.disconnect()


@pytest.mark.servers
@pytest.mark.parametrize("_", ["first", "second"])
def test_what_a_test_leaves_behind_is_gone_for_the_next(stack: Stack, prefix: str, database: str, _: str) -> None:
    """Tests share the servers: the rest of one must not be another's input, nor pile up until they are slow."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    databases = query(stack, "SHOW DATABASES").split()
    for earlier_prefix, earlier_database in LEFT:
        assert earlier_prefix != prefix
        _await_none(admin, earlier_prefix)
        assert not [name for name in databases if name.startswith(earlier_database)]
    for created in admin.create_topics([NewTopic(f"{prefix}survey", 1, 1)]).values():
        created.result(timeout=10)
    query(stack, f"CREATE DATABASE {database}_g1")
    LEFT.append((prefix, database))


def _await_none(admin: AdminClient, prefix: str) -> None:
    """A deletion is answered by the controller; the broker lists the topic until it has heard of it."""
    deadline = time.monotonic() + 30
    while left := [topic for topic in admin.list_topics(timeout=10).topics if topic.startswith(prefix)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_an_external_stack_is_taken_as_told_and_left_alone(tmp_path: Path) -> None:
    """Nobody's own servers are started, stopped or guessed at."""
    told = settings.from_environment(
        {
            "CX_KAFKA_BOOTSTRAP": "127.0.0.2:19092",
            "CX_CLICKHOUSE_HOST": "localhost",
            "CX_CLICKHOUSE_PORT": "19000",
            "CX_CLICKHOUSE_HTTP_PORT": "18123",
            "CX_CLICKHOUSE_USER": "loader",
            "CX_CLICKHOUSE_PASSWORD": "hush",
            "CX_BI_PASSWORD": "read",
            "CX_WRITER_PASSWORD": "write",
        }
    )
    with choose("external", told, tmp_path) as stack:
        assert (stack.bootstrap, stack.clickhouse_host) == ("127.0.0.2:19092", "localhost")
        assert (stack.clickhouse_port, stack.clickhouse_http_port) == (19000, 18123)
        assert stack.passwords == {"loader": "hush", "bi_reader": "read", "cx_writer": "write"}
        assert "hush" not in repr(stack)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.servers
def test_docker_without_an_engine_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name, Docker is not silently replaced; by `auto` it is."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(EmbeddedServerError, match="no Docker engine answers"):
        choose("docker", settings.from_environment({}), tmp_path)


@pytest.mark.servers
def test_a_taken_port_leaves_neither_server_running(tmp_path: Path, stack: Stack) -> None:
    """Half a stack would keep its data directory in use for the next try."""
    taken = int(stack.bootstrap.rpartition(":")[2])
    with pytest.raises(EmbeddedServerError, match=f"port {taken}"):
        choose("embedded", settings.from_environment({}), tmp_path, ports=Ports(kafka=taken))
    assert stop_running(tmp_path) == []


@pytest.mark.servers
def test_auto_without_docker_is_embedded_and_can_be_stopped_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cx up --detach` and `cx down` are two processes."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with choose("auto", settings.from_environment({}), tmp_path, detach=True) as stack:
        assert stack.kind == "embedded"
        assert sorted(stop_running(tmp_path)) == ["ClickHouse", "Kafka"]
    assert stop_running(tmp_path) == []
