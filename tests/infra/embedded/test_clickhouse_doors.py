"""Nobody is anybody without a password, and no web page speaks to ClickHouse: S2 of promise G15."""

import base64
import http.client
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra.embedded import clickhouse, passwords
from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, USERS
from tests.support.clickhouse import ask

pytestmark = [pytest.mark.servers, pytest.mark.intrusion("S2")]

WRITE = "INSERT INTO FUNCTION file('out.txt', 'LineAsString', 'l String') SELECT 'x'"
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "https://evil.example", "Content-Type": "text/plain"},
    {"Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"},
    {"Host": "evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.evil.example:80"},
    {"Host": "evil.example:80", "X-Forwarded-Host": "localhost"},
    {"Host": "0.0.0.0"},
    {"Host": ""},
)
PAGES = ("/play", "/dashboard", "/binary", "/merges", "/jemalloc", "/js/uplot.js", "/replicas_status", "/metrics", "/x")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse.start(tmp_path_factory.mktemp("doors")) as running:
        yield running


def call(
    server: ClickHouseServer, method: str, path: str, headers: Mapping[str, str], body: str = ""
) -> tuple[int, str, http.client.HTTPMessage]:
    """Send a request as it stands; return status, body and headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def login(user: str, password: str) -> dict[str, str]:
    return {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}


@pytest.mark.parametrize(
    "path", ["/", "/?user=default", "/?user=default&password=", "/?max_sessions_for_user=9", "/?quota_key=a"]
)
@pytest.mark.parametrize(
    "statement", ["SELECT 1", WRITE, "SYSTEM STOP LISTEN TCP", "KILL QUERY WHERE 1", "SHOW GRANTS"]
)
def test_nobody_without_a_password_asks_anything(server: ClickHouseServer, path: str, statement: str) -> None:
    """The engine itself is a user that can have no password: nobody else may be that user."""
    status, said, _ = call(server, "POST", path, {}, statement)
    assert status >= 400
    assert "USER_SESSION_LIMIT_EXCEEDED" in said
    assert ask(server.http_port, "SELECT 1", ADMINISTRATOR, server.passwords[ADMINISTRATOR]) == "1\n"


@pytest.mark.parametrize("more", [{}, {"max_sessions_for_user": 9}, {"max_concurrent_queries_for_user": 9}])
def test_the_native_port_knows_nobody_without_a_password(server: ClickHouseServer, more: Mapping[str, int]) -> None:
    """The same over the protocol that drivers speak."""
    client = Client(server.host, server.tcp_port, settings=more)
    with pytest.raises(ServerException, match="overflown session count"):
        client.execute("SELECT 1")
    client.disconnect()


@pytest.mark.parametrize("user", [*USERS, "nobody"])
@pytest.mark.parametrize("guess", ["", "cx", "same", "cx_admin", "password"])
def test_no_password_can_be_guessed(server: ClickHouseServer, user: str, guess: str) -> None:
    """Passwords that stand in the sources are passwords that everybody has."""
    tried = user if guess == "same" else guess
    pair = base64.b64encode(f"{user}:{tried}".encode()).decode()
    for path, headers in (
        ("/", login(user, tried)),
        (f"/?user={user}&password={tried}", {}),
        ("/", {"Authorization": f"Basic {pair}"}),
    ):
        status, said, _ = call(server, "POST", path, headers, "SELECT 1")
        assert status >= 400
        assert "Authentication failed" in said


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_no_web_page_speaks_to_the_server(server: ClickHouseServer, method: str, headers: Mapping[str, str]) -> None:
    """Even with a password: a page somewhere else sends an Origin, a name bound to this address sends that name."""
    key = login(ADMINISTRATOR, server.passwords[ADMINISTRATOR])
    status, said, answered = call(server, method, "/?query=SELECT%2040%2B2", {**key, **headers})
    assert status >= 400
    assert "42\n" not in said
    assert "Access-Control-Allow-Origin" not in answered


@pytest.mark.parametrize("path", PAGES)
def test_the_server_shows_no_page_of_its_own(server: ClickHouseServer, path: str) -> None:
    """Pages that ask for a password, or tell about the server, are one more door."""
    assert call(server, "GET", path, {})[0] == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST", "[::1]"])
def test_programs_on_this_machine_are_answered(server: ClickHouseServer, host: str) -> None:
    """BI tools send no Origin, and one of these names."""
    headers = {"Host": f"{host}:{server.http_port}", **login(BI_READER, server.passwords[BI_READER])}
    assert call(server, "POST", "/", headers, "SELECT 42")[:2] == (200, "42\n")
    assert call(server, "GET", "/?query=SELECT%2042", headers)[:2] == (200, "42\n")
    assert call(server, "GET", "/ping", {"Host": host})[:2] == (200, "Ok.\n")


def test_passwords_lie_where_only_the_owner_reads_them(server: ClickHouseServer) -> None:
    """And nowhere else: no other file of the server's folder holds one, not even its log."""
    folder = server.directory / passwords.FOLDER
    assert folder.stat().st_mode & 0o077 == 0
    assert {file.name for file in folder.iterdir()} == set(USERS)
    assert len(set(server.passwords.values())) == len(USERS)
    for user, password in server.passwords.items():
        assert (folder / user).stat().st_mode & 0o077 == 0
        assert len(password) >= 32
    texts = [file.read_text() for file in server.directory.iterdir() if file.is_file()]
    assert not [password for password in server.passwords.values() for text in texts if password in text]


def test_a_password_that_is_given_is_kept_and_the_others_stay(tmp_path: Path) -> None:
    """`cx sql` in another terminal, and the next start, read the same ones."""
    first = passwords.settle(tmp_path, {ADMINISTRATOR: "", BI_READER: "given"})
    assert first[BI_READER] == passwords.read(tmp_path, BI_READER) == "given"
    assert passwords.settle(tmp_path, {ADMINISTRATOR: "", BI_READER: ""}) == first
    assert passwords.settle(tmp_path, {ADMINISTRATOR: "", BI_READER: "other"})[ADMINISTRATOR] == first[ADMINISTRATOR]


def test_a_link_in_the_place_of_a_password_is_not_followed(tmp_path: Path) -> None:
    """Whoever may write into the folder must not choose a password that somebody else knows."""
    passwords.settle(tmp_path, {ADMINISTRATOR: ""})
    (tmp_path / "elsewhere").write_text("known")
    file = tmp_path / passwords.FOLDER / ADMINISTRATOR
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        passwords.settle(tmp_path, {ADMINISTRATOR: ""})
