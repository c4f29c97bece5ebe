"""A real ClickHouse server, from the chdb-core package."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.embedded import checks, passwords
from infra.embedded.clickhouse_config import server_config
from infra.embedded.clickhouse_process import PORTS
from infra.embedded.clickhouse_profiles import ReaderLimits
from infra.embedded.clickhouse_users import USERS, users_config
from infra.embedded.errors import EmbeddedServerError
from infra.embedded.last_words import explain
from infra.embedded.process import ServerProcess, find, launch, own
from infra.embedded.server import Server

NAME: Final = "ClickHouse"
_OUTPUT: Final = "output.log"
MEMORY_RATIO: Final = 0.5
_PASSED_ON: Final = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH"}


@dataclass(frozen=True)
class ClickHouseServer(Server):
    """A running server: `tcp_port` speaks the native protocol, `http_port` HTTP. `passwords` by user name."""

    host: str
    tcp_port: int
    http_port: int
    passwords: Mapping[str, str] = field(repr=False)


def start(
    directory: Path,
    *,
    tcp_port: int = 0,
    http_port: int = 0,
    given: Mapping[str, str] | None = None,
    limits: ReaderLimits | None = None,
    database: str = "cx",
    others: Sequence[str] = (),
    memory_ratio: float = MEMORY_RATIO,
    detach: bool = False,
    timeout_s: float = 120.0,
    log: Callable[[str], None] = lambda _: None,
) -> ClickHouseServer:
    """Start a server on the directory and return once it answers; port 0 takes any free one.

    `given` are passwords by user name; others are those that the directory keeps, random ones the first time.
    `database` is what readers read, and its generations are what the writer writes, as are `others`; `memory_ratio` is
    the share of the machine's memory that the server may take. Unless `detach`, the server ends with the calling
    process. Raises EmbeddedServerError with nothing left running; data that an earlier server wrote stays.
    """
    home = checks.prepare_directory(directory)
    with own(NAME, home) as lock:
        for port in filter(None, (tcp_port, http_port)):
            checks.require_free_port(port, NAME)
        log("starting ClickHouse")
        config = server_config(home, tcp_port=tcp_port, http_port=http_port, memory_ratio=memory_ratio)
        settled = passwords.settle(home, {user: (given or {}).get(user, "") for user in USERS})
        users = users_config(settled, limits or ReaderLimits(), database, others=others)
        checks.write_private(home / "config.xml", config)
        checks.write_private(home / "users.xml", users)
        (home / PORTS).unlink(missing_ok=True)
        process = launch(
            lock,
            NAME,
            [sys.executable, "-m", "infra.embedded.clickhouse_process", str(home)],
            home,
            environment={**_environment(), "TZ": "UTC"},
            output=home / _OUTPUT,
            detach=detach,
        )
    try:
        return _await_ready(process, home, time.monotonic() + timeout_s)
    except BaseException:
        process.stop(grace_s=5)
        raise


def running(directory: Path) -> ClickHouseServer | None:
    """Return the server that runs on the directory, whoever started it, or None."""
    process = find(NAME, directory)
    ports = _ports(directory)
    return None if process is None or ports is None else _server(process, directory, ports)


def _environment() -> dict[str, str]:
    # Some SQL functions look for access keys in the environment: there are none to find.
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON}


def _await_ready(process: ServerProcess, home: Path, deadline: float) -> ClickHouseServer:
    while time.monotonic() < deadline:
        if not process.alive():
            raise explain(NAME, home / _OUTPUT, home)
        ports = _ports(home)
        if ports is not None and answers(ports[1]):
            return _server(process, home, ports)
        time.sleep(0.02)
    raise EmbeddedServerError(f"ClickHouse did not answer in time; its log is {home / _OUTPUT}")


def _server(process: ServerProcess, home: Path, ports: tuple[int, int]) -> ClickHouseServer:
    kept = {user: passwords.read(home, user) for user in USERS}
    return ClickHouseServer(home, process, checks.LOOPBACK, *ports, kept)


def _ports(home: Path) -> tuple[int, int] | None:
    """Read the ports that the server has opened, None until it has written the whole line."""
    try:
        text = (home / PORTS).read_text()
    except FileNotFoundError:
        return None
    if not text.endswith("\n"):
        return None
    tcp_port, http_port = map(int, text.split())
    return tcp_port, http_port


def answers(http_port: int) -> bool:
    """Tell whether a server answers on the loopback port."""
    import http.client

    connection = http.client.HTTPConnection(checks.LOOPBACK, http_port, timeout=1)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().read() == b"Ok.\n"
    except OSError:
        return False
    finally:
        connection.close()
