"""The Kafka and ClickHouse servers that a run works on: embedded, in Docker, or somebody else's."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from infra import containers
from infra.embedded import clickhouse, kafka, passwords
from infra.embedded.checks import LOOPBACK
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, PAY_READER, USERS, VERBATIM_READER, WRITER
from infra.embedded.server import Stoppable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from infra.settings import Settings

Choice = Literal["auto", "embedded", "docker", "external"]
Kind = Literal["embedded", "docker", "external"]
_KAFKA: Final = "kafka"
_CLICKHOUSE: Final = "clickhouse"


def _nothing() -> None:
    """Stop nothing: what we did not start, we do not stop."""


@dataclass(frozen=True)
class Ports:
    """Wanted ports on loopback; 0 takes any free one."""

    kafka: int = 0
    clickhouse: int = 0
    clickhouse_http: int = 0


ANY_PORTS: Final = Ports()


@dataclass(frozen=True)
class Stack(Stoppable):
    """Say where the servers are and who may log in; `passwords` by ClickHouse user name."""

    kind: Kind
    bootstrap: str
    clickhouse_host: str
    clickhouse_port: int
    clickhouse_http_port: int
    passwords: Mapping[str, str] = field(repr=False)
    ending: Callable[[], None] = field(default=_nothing, repr=False)

    def stop(self) -> None:
        """Stop what was started for this run; twice is the same as once."""
        self.ending()


def choose(
    choice: Choice,
    settings: Settings,
    directory: Path,
    *,
    ports: Ports = ANY_PORTS,
    detach: bool = False,
    others: Sequence[str] = (),
    log: Callable[[str], None] = lambda _: None,
) -> Stack:
    """Start or find the servers; the caller stops what it gets.

    `auto` takes Docker only where an engine answers and the images are there or can be pulled. `external` starts
    nothing and reads addresses and logins from the settings. The embedded servers keep their data in `directory`.
    `others` are databases besides those of the settings that the writer may write, such as `test_*`.
    Raises EmbeddedServerError with nothing left running.
    """
    if choice == "external":
        return _external(settings)
    if choice == "docker" or (choice == "auto" and containers.available(log)):
        return _docker(settings, directory, ports, others, log)
    return _embedded(settings, directory, ports, others, detach=detach, log=log)


def stop_running(directory: Path) -> list[str]:
    """Stop the embedded servers that an earlier run left on the directory; return the names of those found."""
    servers = (kafka.running(directory / _KAFKA), clickhouse.running(directory / _CLICKHOUSE))
    found = [server for server in servers if server is not None]
    for server in found:
        server.stop()
    return [server.process.name for server in found]


def _external(settings: Settings) -> Stack:
    return Stack(
        kind="external",
        bootstrap=settings.kafka_bootstrap,
        clickhouse_host=settings.clickhouse_host,
        clickhouse_port=settings.clickhouse_port,
        clickhouse_http_port=settings.clickhouse_http_port,
        passwords={
            WRITER: settings.writer_password.reveal(),
            settings.clickhouse_user: settings.clickhouse_password.reveal(),
            settings.bi_user: settings.bi_password.reveal(),
        },
    )


def _embedded(
    settings: Settings,
    directory: Path,
    ports: Ports,
    others: Sequence[str],
    *,
    detach: bool,
    log: Callable[[str], None],
) -> Stack:
    with ExitStack() as started:
        database = clickhouse.start(
            directory / _CLICKHOUSE,
            tcp_port=ports.clickhouse,
            http_port=ports.clickhouse_http,
            given=_given(settings),
            database=settings.database,
            others=others,
            detach=detach,
            log=log,
        )
        started.callback(database.stop)
        broker = kafka.start(directory / _KAFKA, port=ports.kafka, detach=detach, log=log)
        started.callback(broker.stop)
        return Stack(
            kind="embedded",
            bootstrap=broker.bootstrap,
            clickhouse_host=database.host,
            clickhouse_port=database.tcp_port,
            clickhouse_http_port=database.http_port,
            passwords=database.passwords,
            ending=started.pop_all().close,
        )


def _docker(
    settings: Settings, directory: Path, ports: Ports, others: Sequence[str], log: Callable[[str], None]
) -> Stack:
    settled = passwords.settle(directory / _CLICKHOUSE, _given(settings))
    with ExitStack() as started:
        database = containers.start_clickhouse(
            tcp_port=ports.clickhouse,
            http_port=ports.clickhouse_http,
            passwords=settled,
            database=settings.database,
            others=others,
            log=log,
        )
        started.callback(database.stop)
        broker = containers.start_kafka(port=ports.kafka, log=log)
        started.callback(broker.stop)
        return Stack(
            kind="docker",
            bootstrap=f"{LOOPBACK}:{broker.ports[0]}",
            clickhouse_host=LOOPBACK,
            clickhouse_port=database.ports[0],
            clickhouse_http_port=database.ports[1],
            passwords=settled,
            ending=started.pop_all().close,
        )


def _given(settings: Settings) -> dict[str, str]:
    """Return the passwords that the settings name, by user; the others are made for the data directory."""
    told = {
        ADMINISTRATOR: settings.clickhouse_password,
        WRITER: settings.writer_password,
        BI_READER: settings.bi_password,
        VERBATIM_READER: settings.verbatim_password,
        PAY_READER: settings.pay_password,
    }
    return {user: told[user].reveal() for user in USERS}
