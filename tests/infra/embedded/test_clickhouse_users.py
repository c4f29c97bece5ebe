"""What the restricted users of ClickHouse may do and may not: promise G15, on the embedded server."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product

import pytest
from clickhouse_driver import Client

from infra.embedded import clickhouse
from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_profiles import GREETING_S, ReaderLimits
from infra.embedded.clickhouse_users import USERS
from tests.support.clickhouse import PASSWORDS, RefusedError, ask

pytestmark = pytest.mark.servers

LIMITS = ReaderLimits(
    execution_s=2, memory_bytes=100_000_000, rows_to_read=100_000, result_rows=1_000, at_once=4, spill_bytes=1_000_000
)
AS_OWNER = "DEFINER = cx_admin SQL SECURITY DEFINER"
TABLES = (
    "CREATE DATABASE cx",
    "CREATE DATABASE cx_g1",
    "CREATE DATABASE other",
    "CREATE TABLE other.t (a UInt64) ORDER BY a",
    "CREATE TABLE cx_g1.t (a UInt64) ORDER BY a",
    "CREATE TABLE cx_g1.verbatim (text String) ORDER BY text",
    "INSERT INTO cx_g1.t SELECT number FROM numbers(1000000)",
    "INSERT INTO cx_g1.verbatim VALUES ('said in confidence')",
    f"CREATE VIEW cx.t {AS_OWNER} AS SELECT * FROM cx_g1.t",
    f"CREATE VIEW cx.verbatim {AS_OWNER} AS SELECT * FROM cx_g1.verbatim",
    f"CREATE VIEW cx.personal_t {AS_OWNER} AS SELECT * FROM cx_g1.verbatim",
    "CREATE VIEW cx.metric AS SELECT sum(a) AS total FROM cx.t WHERE a < 100",
    "CREATE VIEW cx.unowned AS SELECT * FROM cx_g1.t",
    "CREATE VIEW cx.said AS SELECT count() AS n FROM cx.verbatim",
)
SPILLING = (
    "SELECT number, rand64() AS r, repeat(toString(r), 20) AS s FROM numbers(50000) ORDER BY s, r"
    " SETTINGS max_bytes_before_external_sort = 100000, max_bytes_ratio_before_external_sort = 0,"
    " max_block_size = 1000"
)
DENIED = "ACCESS_DENIED"
FIXED = "SETTING_CONSTRAINT_VIOLATION"
REFUSED = [
    # writes and definitions
    ("INSERT INTO cx_g1.t VALUES (1)", DENIED),
    ("INSERT INTO cx.t VALUES (1)", DENIED),
    ("CREATE TABLE cx.mine (a Int8) ORDER BY a", DENIED),
    ("CREATE TEMPORARY TABLE mine (a Int8)", DENIED),
    ("CREATE OR REPLACE VIEW cx.t AS SELECT 1", DENIED),
    ("CREATE DATABASE mine", DENIED),
    ("CREATE FUNCTION mine AS () -> 1", DENIED),
    ("DROP VIEW cx.t", DENIED),
    ("ALTER TABLE cx_g1.t DELETE WHERE 1", DENIED),
    ("TRUNCATE TABLE cx_g1.t", DENIED),
    ("RENAME TABLE cx.t TO cx.u", DENIED),
    ("OPTIMIZE TABLE cx_g1.t FINAL", DENIED),
    ("ATTACH TABLE cx.mine (a String) ENGINE = File(TSV, '/etc/passwd')", DENIED),
    ("BACKUP TABLE cx.t TO File('/tmp/x')", DENIED),
    # what is behind the views, and other people's business
    ("SELECT count() FROM cx_g1.t", DENIED),
    ("SELECT * FROM cx.unowned", DENIED),
    ("SELECT * FROM other.t", DENIED),
    ("DESCRIBE cx_g1.t", DENIED),
    ("SHOW CREATE TABLE cx_g1.t", DENIED),
    ("EXPLAIN SELECT * FROM cx_g1.t", DENIED),
    ("USE other", DENIED),
    ("SELECT * FROM system.query_log", DENIED),
    ("SELECT * FROM system.processes", DENIED),
    ("SELECT * FROM system.users", DENIED),
    ("SELECT * FROM merge('cx_g1', '.*')", "CANNOT_EXTRACT_TABLE_STRUCTURE"),
    ("SELECT * FROM loop(cx_g1.t)", DENIED),
    ("SELECT * FROM mergeTreeIndex('cx_g1', 't')", DENIED),
    ("SELECT hasColumnInTable('cx_g1', 't', 'a')", DENIED),
    # the machine and the network
    ("SELECT * FROM file('/etc/passwd', 'TSV', 'a String')", DENIED),
    ("SELECT file('/etc/passwd')", "the function file is not available"),
    ("SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", "the function file is not available"),
    ("SELECT arrayMap(x -> file(x), ['/etc/passwd'])", "the function file is not available"),
    ("SELECT file('/etc/passwd', 'none')", "BAD_ARGUMENTS"),
    ("SELECT 1 INTO OUTFILE '/tmp/mine'", "INTO OUTFILE is not allowed"),
    ("SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')", DENIED),
    ("SELECT * FROM remote('127.0.0.1:9', 'cx_g1', 't')", DENIED),
    ("SELECT * FROM remoteSecure('127.0.0.1:9', 'cx_g1', 't')", DENIED),
    ("SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'TSV', 'a String')", DENIED),
    ("SELECT * FROM gcs('http://127.0.0.1:1/bucket/x', 'TSV', 'a String')", DENIED),
    ("SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')", DENIED),
    ("SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')", DENIED),
    ("SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'a String')", DENIED),
    ("SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')", DENIED),
    ("SELECT * FROM sqlite('/tmp/x', 't')", DENIED),
    ("SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')", DENIED),
    ("SELECT * FROM executable('id', 'TSV', 'a String')", DENIED),
    ("SELECT * FROM Python(os)", "FUNCTION_NOT_ALLOWED"),
    ("SELECT * FROM python('os') SETTINGS allow_python_table_function = 1", "QUERY_IS_PROHIBITED"),
    ("SELECT * FROM eval('SELECT 1') SETTINGS allow_experimental_eval_table_function = 1", FIXED),
    ("SELECT aiGenerate('x') SETTINGS allow_experimental_ai_functions = 1", FIXED),
    # limits cannot be lifted, and hold
    ("SET readonly = 0", "READONLY"),
    ("SELECT 1 SETTINGS allow_ddl = 1", "QUERY_IS_PROHIBITED"),
    ("SELECT 1 SETTINGS log_queries = 0", FIXED),
    ("SELECT 1 SETTINGS max_execution_time = 0", FIXED),
    ("SELECT 1 SETTINGS max_execution_time = 3", FIXED),
    ("SELECT 1 SETTINGS max_memory_usage = 0", FIXED),
    ("SELECT 1 SETTINGS max_rows_to_read = 0", FIXED),
    ("SELECT 1 SETTINGS max_result_rows = 0", FIXED),
    ("SELECT 1 SETTINGS max_concurrent_queries_for_user = 0", FIXED),
    ("SELECT 1 SETTINGS max_concurrent_queries_for_user = 5", FIXED),
    ("SELECT 1 SETTINGS max_memory_usage_for_user = 0", FIXED),
    ("SELECT 1 SETTINGS max_sessions_for_user = 0", FIXED),
    ("SELECT 1 SETTINGS max_temporary_data_on_disk_size_for_user = 0", FIXED),
    ("SELECT 1 SETTINGS max_temporary_data_on_disk_size_for_query = 0", FIXED),
    (f"SELECT * FROM ({SPILLING}) FORMAT Null", "TOO_MANY_ROWS_OR_BYTES"),
    ("SELECT 1 SETTINGS result_overflow_mode = 'break'", FIXED),
    ("SELECT count() FROM cx.t WHERE NOT ignore(a)", "TOO_MANY_ROWS"),
    ("SELECT a FROM cx.t WHERE a < 3000", "TOO_MANY_ROWS_OR_BYTES"),
    ("SELECT uniqExact(arrayJoin(range(30000000)))", "MEMORY_LIMIT_EXCEEDED"),
    ("SELECT count() FROM cx.t WHERE a < 3 AND sleepEachRow(1) = 0", "TIMEOUT_EXCEEDED"),
    # the server itself
    ("SYSTEM SHUTDOWN", DENIED),
    ("SYSTEM FLUSH LOGS", DENIED),
    ("KILL QUERY WHERE 1", DENIED),
    ("GRANT SELECT ON *.* TO bi_reader", DENIED),
    ("ALTER USER bi_reader IDENTIFIED BY 'x'", DENIED),
    ("DROP FUNCTION file", DENIED),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse.start(tmp_path_factory.mktemp("users"), given=PASSWORDS, limits=LIMITS) as running:
        for statement in TABLES:
            ask(running.http_port, statement)
        ask(running.http_port, "SYSTEM FLUSH LOGS")
        yield running


def as_user(server: ClickHouseServer, user: str, statement: str) -> str:
    return ask(server.http_port, statement, user)


@pytest.mark.intrusion("held")
@pytest.mark.parametrize("user", ["bi_reader", "verbatim_reader"])
@pytest.mark.parametrize(("statement", "reason"), REFUSED)
def test_a_reader_is_refused(server: ClickHouseServer, user: str, statement: str, reason: str) -> None:
    """A BI login is shared and typed into many tools: it must be worth nothing beyond the views."""
    with pytest.raises(RefusedError, match=reason):
        as_user(server, user, statement)


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("SELECT count() FROM cx.t WHERE a < 10", "10\n"),
        ("SELECT total FROM cx.metric", "4950\n"),
        ("SELECT 1 SETTINGS max_execution_time = 1", "1\n"),
        ("SHOW TABLES FROM cx LIKE 't'", "t\n"),
        ("SELECT count() FROM system.tables WHERE database IN ('cx_g1', 'other')", "0\n"),
        ("SELECT table_name FROM information_schema.tables WHERE table_schema = 'cx' LIMIT 1", "metric\n"),
        ("SELECT count() FROM system.parts", "0\n"),
    ],
)
def test_a_reader_reads_the_views(server: ClickHouseServer, statement: str, answer: str) -> None:
    """The limits above are worth nothing if BI tools cannot list and read what they are given."""
    assert as_user(server, "bi_reader", statement) == answer


@pytest.mark.intrusion("held")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM cx.verbatim",
        "SELECT * FROM cx.said",
        "SELECT count() FROM cx.verbatim",
        "SELECT 1 FROM cx.t WHERE a IN (SELECT cityHash64(text) FROM cx.verbatim)",
        "SELECT (SELECT any(text) FROM cx.verbatim)",
        "WITH x AS (SELECT * FROM cx.verbatim) SELECT * FROM x",
        "SELECT * FROM cx.t UNION ALL SELECT length(text) FROM cx.verbatim",
        "SELECT * FROM cx.t JOIN cx.verbatim ON 1",
        "SELECT * FROM view(SELECT * FROM cx.verbatim)",
        "SELECT text FROM merge('cx', '^verbatim$')",
        "SELECT * FROM loop(cx.verbatim) LIMIT 1",
        "SELECT * FROM numbers(1) SETTINGS additional_result_filter = '1 IN (SELECT length(text) FROM cx.verbatim)'",
        "SELECT * FROM cx.t SETTINGS additional_table_filters = {'cx.t': 'a IN (SELECT 1 FROM cx.verbatim)'}",
        "SELECT 1 SETTINGS select = '(SELECT any(text) FROM cx.verbatim)'",
        "DESCRIBE (SELECT * FROM cx.verbatim)",
        "EXPLAIN PLAN SELECT * FROM cx.verbatim",
        "SHOW CREATE VIEW cx.verbatim",
    ],
)
def test_what_customers_said_has_a_reader_of_its_own(server: ClickHouseServer, statement: str) -> None:
    """Verbatims are personal data: a view over them opens nothing to a user who may not read them."""
    for view in ("verbatim", "personal_t"):
        with pytest.raises(RefusedError, match=f"{DENIED}|CANNOT_EXTRACT_TABLE_STRUCTURE"):
            as_user(server, "bi_reader", statement.replace("verbatim", view))
        assert as_user(server, "verbatim_reader", f"SELECT * FROM cx.{view}") == "said in confidence\n"


def test_the_writer_writes_generations_and_nothing_else(server: ClickHouseServer) -> None:
    """A worker's login must not be able to drop what it writes."""
    as_user(server, "cx_writer", "INSERT INTO cx_g1.t VALUES (10000000)")
    assert as_user(server, "cx_writer", "SELECT max(a) FROM cx_g1.t") == "10000000\n"
    for statement in ("DROP TABLE cx_g1.t", "INSERT INTO other.t VALUES (1)", "SELECT * FROM other.t"):
        with pytest.raises(RefusedError, match=DENIED):
            as_user(server, "cx_writer", statement)


@pytest.mark.intrusion("S12")
@pytest.mark.parametrize("database", ["cx", "cx_meta", "cx_gold", "cx2", "cx2_g1", "other", "system", "default"])
def test_the_writer_writes_no_tables_but_its_generations(server: ClickHouseServer, database: str) -> None:
    """Deployments share servers: the beginning of a name is not the name."""
    if database not in ("cx", "other", "system", "default"):
        ask(server.http_port, f"CREATE DATABASE {database}")
        ask(server.http_port, f"CREATE TABLE {database}.t (a UInt64) ORDER BY a")
    for statement in ("INSERT INTO {}.t VALUES (1)", "CREATE TABLE {}.mine (a UInt64) ORDER BY a", "DROP DATABASE {}"):
        with pytest.raises(RefusedError, match=f"{DENIED}|UNKNOWN_TABLE"):
            as_user(server, "cx_writer", statement.format(database))
    if database not in ("cx", "cx_meta"):
        with pytest.raises(RefusedError, match=f"{DENIED}|UNKNOWN_TABLE"):
            as_user(server, "cx_writer", f"SELECT * FROM {database}.t")


@pytest.mark.intrusion("S6")
def test_one_reader_does_not_stop_everybody(server: ClickHouseServer) -> None:
    """A hundred questions that take their time leave a place for the writer, the other reader and the administrator."""
    with ThreadPoolExecutor(100) as pool:
        asked = [pool.submit(_slept, server) for _ in range(100)]
        time.sleep(0.5)
        as_user(server, "cx_writer", "INSERT INTO cx_g1.t VALUES (20000000)")
        assert as_user(server, "verbatim_reader", "SELECT 1") == "1\n"
        assert ask(server.http_port, "SELECT 1") == "1\n"
        answers = Counter(each.result() for each in asked)
    assert set(answers) == {"slept", "refused"}
    assert answers["slept"] < 20


def _slept(server: ClickHouseServer) -> str:
    try:
        as_user(server, "bi_reader", "SELECT sleep(1.5)")
    except RefusedError as refusal:
        return "refused" if "TOO_MANY_SIMULTANEOUS_QUERIES" in str(refusal) else str(refusal)
    return "slept"


@pytest.mark.intrusion("S6")
def test_connections_that_say_nothing_lock_nobody_out(server: ClickHouseServer) -> None:
    """Who has no password must not take the places of those who have."""
    with ExitStack() as left:
        for port in (server.tcp_port, server.http_port):
            for _ in range(300):
                left.enter_context(socket.create_connection((server.host, port), timeout=10))
        assert as_user(server, "bi_reader", "SELECT 1") == "1\n"
        client = Client(server.host, server.tcp_port, user="cx_writer", password=PASSWORDS["cx_writer"])
        assert client.execute("SELECT 1") == [(1,)]
        client.disconnect()


@pytest.mark.intrusion("S18")
def test_a_connection_without_a_login_ends_by_itself(server: ClickHouseServer) -> None:
    """Each holds a thread of the server; whoever has logged in may take as long as before."""
    known = Client(server.host, server.tcp_port, user="cx_writer", password=PASSWORDS["cx_writer"])
    known.execute("SELECT 1")
    own = known.connection.socket.getsockname()
    with ExitStack() as left:
        silent = []
        beginnings = (b"", b"\x00\x05ab", b"GET / HTTP/1.1\r\nHost: a")
        for port, begun in product((server.tcp_port, server.http_port), beginnings):
            silent.append(left.enter_context(socket.create_connection((server.host, port))))
            silent[-1].sendall(begun)
        slow = left.enter_context(socket.create_connection((server.host, server.http_port)))
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a")
        ends = time.monotonic() + 2 * GREETING_S
        while not _ended(slow):
            assert time.monotonic() < ends, "a letter a second is no request"
        for each in silent:
            each.settimeout(max(ends - time.monotonic(), 0.1))
            while each.recv(1 << 16):
                pass
    assert known.execute("SELECT getSetting('receive_timeout')") == [(300,)]
    assert known.connection.socket.getsockname() == own
    known.disconnect()


def _ended(connection: socket.socket) -> bool:
    """Send one more letter and wait for a second; tell whether the other side has ended the connection."""
    connection.settimeout(1.0)
    try:
        connection.sendall(b"a")
        return not connection.recv(1 << 16)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("user", ["default", *USERS])
def test_a_wrong_password_is_refused(server: ClickHouseServer, user: str) -> None:
    """Also for the user that has none."""
    with pytest.raises(RefusedError, match="Authentication failed"):
        ask(server.http_port, "SELECT 1", user, "wrong")


def test_an_answer_without_a_format_is_tsv(server: ClickHouseServer) -> None:
    """The engine's start-up format becomes the default of every client that names none."""
    assert ask(server.http_port, "SELECT 1, 'a'") == "1\ta\n"
