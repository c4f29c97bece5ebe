"""What the ClickHouse sink says when the server is away, breaks off, or will not have the rows."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest
from clickhouse_driver import Client

from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.stack import Stack
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.port import Rows, SinkRefused, SinkUnavailable
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row
from tests.support.clickhouse import PASSWORDS

pytestmark = pytest.mark.servers
ROWS = {"policy": [row("policy", 1, policy="p", value="v")]}


class CutLink:
    """A relay to the server that can swallow the server's answers and then break both connections."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            threading.Thread(target=self._relay, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._relay, args=(far, near, True), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(65536):
                if answers and self.cut_after is not None:
                    self.cut_after -= 1
                    if self.cut_after < 0:
                        break
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


@pytest.fixture
def link(stack: Stack) -> Iterator[CutLink]:
    made = CutLink(stack.clickhouse_host, stack.clickhouse_port)
    yield made
    made.close()


def _insert_until_cut(sink: ClickHouseSink, rows: Rows) -> None:
    """Several inserts, for the number of answers to one varies by a packet or two."""
    for _ in range(4):
        sink.insert(rows)


@pytest.mark.parametrize("cut_after", [0, 1, 2, 3])
def test_a_lost_acknowledgement_is_unavailable_and_the_repeat_counts_once(
    client: Client, empty: Callable[[Warehouse], Migrated], stack: Stack, link: CutLink, cut_after: int
) -> None:
    """The insert may have happened: only repeating it is right, and it must not count twice."""
    _, generation = empty(Warehouse())
    through = connect("127.0.0.1", link.port, password=stack.passwords[ADMINISTRATOR])
    sink = ClickHouseSink(through, generation)
    sink.insert(ROWS)
    link.cut_after = cut_after
    newer = {"policy": [row("policy", 2, policy="p", value="w")]}
    with pytest.raises(SinkUnavailable, match="policy"):
        _insert_until_cut(sink, newer)
    link.cut_after = None
    sink.insert(newer)
    sink.close()
    assert client.execute(f"SELECT value FROM `{generation}`.policy FINAL") == [("w",)]


def test_nobody_listening_is_unavailable() -> None:
    """The worker waits and keeps its place in the group."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    sink = ClickHouseSink(connect("127.0.0.1", port), "cx_g1")
    with pytest.raises(SinkUnavailable):
        sink.insert(ROWS)


def test_a_restarted_server_takes_the_same_sink_up_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same sink must work after an outage, and its rows from before must be there."""
    home = tmp_path_factory.mktemp("restarted")
    with clickhouse.start(home, given=PASSWORDS) as server:
        port = server.tcp_port
        owner = connect(server.host, port, password=PASSWORDS[ADMINISTRATOR])
        owner.execute("CREATE DATABASE cx_g1")
        columns = "policy String, valid_from DateTime64(6), value String, policy_version String, event_id String"
        owner.execute(
            f"CREATE TABLE cx_g1.policy ({columns}, version UInt64, is_deleted UInt8)"
            " ENGINE = ReplacingMergeTree(version, is_deleted) ORDER BY policy"
        )
        owner.disconnect()
        sink = ClickHouseSink(connect(server.host, port, password=PASSWORDS[ADMINISTRATOR]), "cx_g1")
        sink.insert(ROWS)
    with pytest.raises(SinkUnavailable):
        sink.insert(ROWS)
    with clickhouse.start(home, tcp_port=port) as server:
        sink.insert({"policy": [row("policy", 1, policy="q", value="v")]})
        sink.close()
        owner = connect(server.host, port, password=PASSWORDS[ADMINISTRATOR])
        assert owner.execute("SELECT policy FROM cx_g1.policy FINAL ORDER BY policy") == [("p",), ("q",)]
        owner.disconnect()


def test_a_missing_table_is_refused(client: Client) -> None:
    """A worker newer than the migration must stop and say so, not wait for ever."""
    with pytest.raises(SinkRefused, match="does not exist") as caught:
        ClickHouseSink(client, "cx_nowhere").insert(ROWS)
    assert caught.value.table == "policy"


def test_a_missing_column_is_refused_by_name(client: Client, database: str) -> None:
    """The operator has to read which migration is missing."""
    client.execute(f"CREATE DATABASE `{database}`")
    client.execute(f"CREATE TABLE `{database}`.policy (policy String) ENGINE = MergeTree ORDER BY policy")
    with pytest.raises(SinkRefused, match="valid_from"):
        ClickHouseSink(client, database).insert(ROWS)
