"""Kafka and ClickHouse in Docker containers, for those who have an engine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.compose.http import compose_http
from infra.compose.users import ANYBODY
from infra.embedded import checks, clickhouse, kafka, kafka_java
from infra.embedded.clickhouse_profiles import ReaderLimits
from infra.embedded.clickhouse_users import users_config
from infra.embedded.errors import EmbeddedServerError
from infra.embedded.kafka_config import broker_properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# compose.yaml names the same two; a test holds them together.
KAFKA_IMAGE: Final = "apache/kafka:4.3.0"
CLICKHOUSE_IMAGE: Final = "clickhouse/clickhouse-server:26.9"
_EVERY_INTERFACE: Final = "0.0.0.0"  # noqa: S104 - inside the container; it is published on loopback only

_CONTROLLER_PORT: Final = 9093
_NATIVE_PORT: Final = 9000
_HTTP_PORT: Final = 8123
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True)
class Container:
    """A running container and the loopback ports it is published on."""

    ports: tuple[int, ...]
    container: Any

    def stop(self) -> None:
        """Remove the container and what it stored; twice is the same as once."""
        self.container.stop()


def images() -> tuple[str, str]:
    """Return the Kafka and the ClickHouse image; the environment may name others, as a mirror needs."""
    return (
        os.environ.get("CX_TEST_KAFKA_IMAGE", KAFKA_IMAGE),
        os.environ.get("CX_TEST_CLICKHOUSE_IMAGE", CLICKHOUSE_IMAGE),
    )


def available(log: Callable[[str], None]) -> bool:
    """Tell whether an engine answers and holds both images or can pull them, which it then does."""
    try:
        import docker  # noqa: PLC0415 - a development dependency
        from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415
    except ImportError:
        return False
    try:
        client = docker.from_env(timeout=10)
    except DockerException:
        return False
    try:
        for image in images():
            try:
                client.images.get(image)
            except ImageNotFound:
                log(f"pulling {image}")
                client.images.pull(image)
    except (DockerException, RequestException) as error:
        log(f"Docker answers but cannot be used: {error}")
        return False
    else:
        return True
    finally:
        client.close()


def start_kafka(*, port: int, log: Callable[[str], None]) -> Container:
    """Start a broker that is published on a loopback port and advertises it; 0 takes any free one."""
    port = checks.require_free_port(port, kafka_java.NAME) if port else checks.pick_free_ports(1)[0]
    # A broker tells its clients where it is, so inside and outside it has the same port.
    listeners = {
        "listeners": f"PLAINTEXT://{_EVERY_INTERFACE}:{port},CONTROLLER://{checks.LOOPBACK}:{_CONTROLLER_PORT}"
    }
    properties = broker_properties(Path("/tmp/kafka-data"), port, _CONTROLLER_PORT, listeners)  # noqa: S108
    container = _container(images()[0])
    for name, value in properties.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    container.ports[f"{port}/tcp"] = (checks.LOOPBACK, port)
    log(f"starting {container.image}")
    return _started(Container((port,), container), lambda: kafka.serves(f"{checks.LOOPBACK}:{port}"))


def start_clickhouse(
    *,
    tcp_port: int,
    http_port: int,
    passwords: Mapping[str, str],
    database: str,
    others: Sequence[str],
    log: Callable[[str], None],
) -> Container:
    """Start a server with the users of the embedded one, published on loopback ports; 0 takes free ones."""
    free = iter(checks.pick_free_ports(2))
    wanted = (tcp_port, http_port)
    native, http = (checks.require_free_port(p, clickhouse.NAME) if p else next(free) for p in wanted)
    users = users_config(passwords, ReaderLimits(), database, networks=ANYBODY, engine_in_python=False, others=others)
    container = _container(images()[1]).with_env("CLICKHOUSE_SKIP_USER_SETUP", "1")
    container.with_copy_into_container(users.encode(), "/etc/clickhouse-server/users.xml")
    container.with_copy_into_container(compose_http().encode(), "/etc/clickhouse-server/config.d/http.xml")
    container.ports |= {
        f"{_NATIVE_PORT}/tcp": (checks.LOOPBACK, native),
        f"{_HTTP_PORT}/tcp": (checks.LOOPBACK, http),
    }
    log(f"starting {container.image}")
    return _started(Container((native, http), container), lambda: clickhouse.answers(http))


def _container(image: str) -> Any:
    try:
        from testcontainers.core.config import testcontainers_config  # noqa: PLC0415
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    except ImportError as error:
        raise EmbeddedServerError("servers in Docker need the package testcontainers") from error
    # Its reaper is one more image to pull; whoever starts a stack here stops it.
    testcontainers_config.ryuk_disabled = True
    try:
        return DockerContainer(image)
    except Exception as error:  # the engine's client raises what it likes when nothing answers
        raise EmbeddedServerError(f"no Docker engine answers: {error}") from error


def _started(server: Container, ready: Callable[[], bool]) -> Container:
    try:
        server.container.start()
        _await(server, ready)
    except EmbeddedServerError:
        server.stop()
        raise
    except Exception as error:  # as above: image missing, port taken, engine gone
        server.stop()
        raise EmbeddedServerError(f"{server.container.image} did not start: {error}") from error
    return server


def _await(server: Container, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not ready():
        _require_running(server)
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{server.container.image} did not answer in {_TIMEOUT_S:.0f} s")
        time.sleep(0.2)


def _require_running(server: Container) -> None:
    """Refuse a container that has ended: it never answers, and its last words say why."""
    container = server.container.get_wrapped_container()
    container.reload()
    if container.status == "exited":
        words = container.logs(tail=1).decode(errors="replace").strip()
        raise EmbeddedServerError(f"{server.container.image} ended by itself: {words or 'it said nothing'}")
