"""The embedded ClickHouse is the store of record for every figure: it must keep what it acknowledged."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from xml.sax.saxutils import unescape

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.embedded import clickhouse
from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_config import KEEP_FREE
from infra.embedded.clickhouse_profiles import ReaderLimits
from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.embedded.errors import EmbeddedServerError, PortTakenError
from tests.support.clickhouse import PASSWORDS, RefusedError, ask

pytestmark = pytest.mark.servers


def test_a_restart_keeps_rows_and_the_query_log_and_takes_seconds(tmp_path: Path) -> None:
    """`make up` is run again and again: Ctrl-C must cost neither data nor the record of who asked what."""
    with clickhouse.start(tmp_path, given=PASSWORDS) as server:
        ask(server.http_port, "CREATE DATABASE IF NOT EXISTS cx")
        ask(server.http_port, "CREATE TABLE cx.kept (a UInt64) ORDER BY a")
        ask(server.http_port, "INSERT INTO cx.kept VALUES (1), (2)")
    began = time.monotonic()
    with clickhouse.start(tmp_path, given=PASSWORDS) as server:
        took = time.monotonic() - began
        assert ask(server.http_port, "SELECT sum(a) FROM cx.kept") == "3\n"
        logged = "SELECT count() > 0 FROM system.query_log WHERE query LIKE 'INSERT INTO cx.kept%'"
        assert ask(server.http_port, logged) == "1\n"
    assert took < 60  # one second where nothing else runs


@pytest.mark.faults
def test_an_acknowledged_row_survives_a_kill(tmp_path: Path) -> None:
    """The engine commits its offsets once rows are acknowledged, so they may not depend on a clean end."""
    acknowledged = 0
    for _ in range(3):
        with clickhouse.start(tmp_path, given=PASSWORDS) as server:
            ask(server.http_port, "CREATE DATABASE IF NOT EXISTS cx")
            ask(server.http_port, "CREATE TABLE IF NOT EXISTS cx.kept (a UInt64) ORDER BY a")
            killer = threading.Timer(0.7, os.kill, (server.pid, signal.SIGKILL))
            killer.start()
            acknowledged = _insert_until_refused(server, acknowledged)
            killer.join()
    with clickhouse.start(tmp_path, given=PASSWORDS) as server:
        found = ask(server.http_port, f"SELECT uniqExact(a) FROM cx.kept WHERE a < {acknowledged}")
    assert int(found) == acknowledged > 300


@pytest.mark.faults
def test_a_full_disk_is_refused_before_it_is_full(tmp_path: Path) -> None:
    """The engine inside takes a failed write for done: past the last byte it acknowledges rows that are nowhere."""
    disk = tmp_path / "data"
    disk.mkdir()
    size = f"size={KEEP_FREE + (64 << 20)}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        with clickhouse.start(tmp_path, given=PASSWORDS) as server:
            ask(server.http_port, "CREATE DATABASE IF NOT EXISTS cx")
            ask(server.http_port, "CREATE TABLE cx.kept (a UInt64) ORDER BY a")
            ask(server.http_port, "INSERT INTO cx.kept VALUES (1)")
            (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - KEEP_FREE))
            with pytest.raises(RefusedError, match="NOT_ENOUGH_SPACE"):
                ask(server.http_port, "INSERT INTO cx.kept VALUES (2)")
            (disk / "filler").unlink()
            ask(server.http_port, "INSERT INTO cx.kept VALUES (3)")
            assert ask(server.http_port, "SELECT sum(a) FROM cx.kept") == "4\n"
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _insert_until_refused(server: ClickHouseServer, start: int) -> int:
    """Insert blocks of consecutive numbers and return the first one that was not acknowledged."""
    client = Client("127.0.0.1", server.tcp_port, user=ADMINISTRATOR, password=PASSWORDS[ADMINISTRATOR])
    try:
        while True:
            client.execute("INSERT INTO cx.kept VALUES", [(start + offset,) for offset in range(100)])
            start += 100
    except (Error, EOFError, OSError):
        return start
    finally:
        client.disconnect()


def test_a_directory_in_use_is_refused_and_its_server_goes_on(tmp_path: Path) -> None:
    """Running `make up` in two terminals must not break the first."""
    with clickhouse.start(tmp_path, given=PASSWORDS) as server:
        with pytest.raises(EmbeddedServerError, match=f"in use by process {server.pid}"):
            clickhouse.start(tmp_path, given=PASSWORDS)
        assert ask(server.http_port, "SELECT 1") == "1\n"


def test_a_taken_port_is_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    """Port 9000 is popular; the message must say which port and the directory must stay free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} on 127.0.0.1"):
            clickhouse.start(tmp_path, given=PASSWORDS, tcp_port=port)
    assert clickhouse.running(tmp_path) is None
    clickhouse.start(tmp_path, given=PASSWORDS, tcp_port=port).stop()


def test_a_damaged_data_directory_is_one_sentence(tmp_path: Path) -> None:
    """The engine says what is wrong on standard error only, and would end with status 0."""
    metadata = tmp_path / "data" / "metadata"
    metadata.mkdir(parents=True)
    (metadata / "broken.sql").write_text("this is no statement")
    with pytest.raises(EmbeddedServerError, match="ClickHouse did not start: Code: 62"):
        clickhouse.start(tmp_path, given=PASSWORDS)
    assert clickhouse.running(tmp_path) is None


def test_a_running_server_is_found_by_its_directory(tmp_path: Path) -> None:
    """`cx down` is another process than the `cx up --detach` that started the server."""
    with clickhouse.start(tmp_path, given=PASSWORDS) as server:
        found = clickhouse.running(tmp_path)
        assert found is not None
        assert (found.pid, found.tcp_port, found.http_port) == (server.pid, server.tcp_port, server.http_port)
        found.stop()
        assert not server.process.alive()
    assert clickhouse.running(tmp_path) is None


def test_passwords_are_kept_as_hashes_that_only_the_owner_may_read(tmp_path: Path) -> None:
    """users.xml lies on a disk that is backed up and shared."""
    told = {"bi_reader": "per <annum> & co"}
    with clickhouse.start(tmp_path, given=told) as server:
        assert ask(server.http_port, "SELECT currentUser()", "bi_reader", told["bi_reader"]) == "bi_reader\n"
    users = tmp_path / "users.xml"
    assert users.stat().st_mode & 0o077 == 0
    assert told["bi_reader"] not in unescape(users.read_text())


def test_a_reader_has_a_quota(tmp_path: Path) -> None:
    """One dashboard that refreshes in a loop must not take the server from everybody else."""
    with clickhouse.start(tmp_path, given=PASSWORDS, limits=ReaderLimits(queries_per_hour=2)) as server:
        _early_in_an_hour()
        for user in ("bi_reader", "verbatim_reader"):
            for _ in range(2):
                ask(server.http_port, "SELECT count() FROM numbers(9)", user)
            with pytest.raises(RefusedError, match="QUOTA_EXCEEDED"):
                ask(server.http_port, "SELECT count() FROM numbers(9)", user)
            with pytest.raises(RefusedError, match="QUOTA_EXCEEDED"):
                ask(server.http_port, "SELECT count() FROM numbers(9)", user, quota_key="another")


def _early_in_an_hour() -> None:
    """The server counts by full hours: wait where one is about to begin, which would forget what was asked before."""
    left = 3600 - time.time() % 3600
    if left < 20:
        time.sleep(left + 1)
