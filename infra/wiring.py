"""Clients and values of the layers below, made from the settings: the one place where the two meet.

Each is imported where it is made: the clients together take longer to import than most commands take to run.
"""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from infra.embedded.checks import pick_free_ports
from sinks.settings import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_driver import Client

    from infra.settings import Settings
    from schemas.codec import Codec
    from schemas.confluent import Confluent
    from sinks.clickhouse import ClickHouseSink
    from sinks.states import WorkerState
    from streams.live.engine.partition_layout import Layout
    from streams.live.engine.settings import EngineSettings, HostSettings
    from streams.live.store.local import OpenStore
    from streams.live.worker.invariants import InvariantWatch
    from streams.replay.log import KafkaLog

_REQUEST_BYTES = 9 << 20
_CONNECT_S = 5.0


class Unreachable(Exception):  # noqa: N818  # a state of the world that passes
    """A server that the settings name does not answer; the message is one sentence."""


class OtherReleaseError(Exception):
    """Refuse what only the release may do whose state is served; the message is one sentence with the remedy."""

    def __init__(self, generation: str) -> None:
        super().__init__(
            f"{generation} and its workers' state are of a release that keeps state otherwise: go on with that release,"
            " and build what this one needs beside it: cx runbook upgrade says how"
        )


def clock() -> int:
    """Return the time in microseconds since 1970 (UTC): the one real clock, passed to whatever needs time."""
    return time.time_ns() // 1000


def librdkafka(settings: Settings) -> dict[str, str]:
    """Return librdkafka's security settings."""
    if settings.kafka_security == "PLAINTEXT":
        return {}
    config: dict[str, str] = {"security.protocol": settings.kafka_security}
    if settings.kafka_ca_file:
        config["ssl.ca.location"] = settings.kafka_ca_file
    if settings.kafka_user:
        config |= {
            "sasl.mechanism": settings.kafka_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.reveal(),
        }
    return config


def kafka_python(settings: Settings) -> dict[str, Any]:
    """Return what every kafka-python client is given: brokers and security."""
    config: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap.split(","),
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_ca_file:
        config["ssl_cafile"] = settings.kafka_ca_file
    if settings.kafka_user:
        config |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.reveal(),
        }
    return config


def require_broker(settings: Settings) -> None:
    """Raise Unreachable at once where no broker listens: the client would try for half a minute, and leak sockets."""
    reason: OSError | None = None
    for address in settings.kafka_bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
        except OSError as error:
            reason = error
        else:
            return
    raise Unreachable(f"no Kafka broker answers at {settings.kafka_bootstrap}: {reason}")


def admin(settings: Settings, *, patience_s: float = 30.0) -> Any:
    """Open an administration client; raises Unreachable, in time where a broker listens and says nothing."""
    require_broker(settings)
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        return KafkaAdminClient(**kafka_python(settings), bootstrap_timeout_ms=int(patience_s * 1000))
    except (KafkaError, OSError) as error:
        raise Unreachable(f"no Kafka broker answers at {settings.kafka_bootstrap}: {error}") from error


def producer(settings: Settings) -> Any:
    """Open an idempotent producer; its default partitioner is the Java clients' murmur2. Raises Unreachable."""
    require_broker(settings)
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    try:
        return KafkaProducer(
            **kafka_python(settings),
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            compression_type="lz4",
            max_request_size=_REQUEST_BYTES,
        )
    except (KafkaError, OSError) as error:
        raise Unreachable(f"no Kafka broker answers at {settings.kafka_bootstrap}: {error}") from error


@contextmanager
def replay_log(settings: Settings, *, at_once: int = 10_000) -> Iterator[KafkaLog]:
    """Open the log of record for the length of a block; raises Unreachable."""
    require_broker(settings)
    from streams.replay.log import KafkaLog

    log = KafkaLog(settings.kafka_bootstrap, librdkafka(settings), at_once=at_once)
    try:
        yield log
    finally:
        log.close()


def registry(settings: Settings) -> Confluent | None:
    if not settings.registry_url:
        return None
    from schemas.confluent import Confluent

    return Confluent(settings.registry_url)


def codec(settings: Settings) -> Codec:
    from schemas.codec import Codec

    return Codec(registry(settings))


def clickhouse(settings: Settings, *, database: str = "", timeout: float = 60.0) -> Client:
    """Open a client of the user that migrates and writes; it connects at its first statement.

    ``timeout`` (s) bounds each wait for the server.
    """
    from sinks.connection import connect

    return connect(
        settings.clickhouse_host,
        settings.clickhouse_port,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.reveal(),
        database=database,
        secure=settings.clickhouse_secure,
        timeout=timeout,
    )


def reader(settings: Settings, *, typed: bool = False) -> Client:
    """Open a client of the user that reads views only; `typed` sends parameters apart from the query's text."""
    from sinks.connection import connect

    return connect(
        settings.clickhouse_host,
        settings.clickhouse_port,
        user=settings.bi_user,
        password=settings.bi_password.reveal(),
        database=settings.database,
        secure=settings.clickhouse_secure,
        typed=typed,
    )


def engine_settings(
    settings: Settings, *, member: str = "", state: str = "", patience_seconds: float = 60.0
) -> EngineSettings:
    """Return what an engine is told; `state` is the name of the state in force, which only its changelogs need."""
    from streams.core.routes import KINDS
    from streams.live.engine.settings import EngineSettings
    from streams.live.fold import stage
    from streams.live.fold.dead_letters import DeadLetterLimit

    return EngineSettings(
        patience_seconds=patience_seconds,
        stage=stage.NAME if KINDS.stage and settings.health == "on" else "",
        bootstrap=settings.kafka_bootstrap,
        group=settings.group,
        prefix=settings.topic_prefix,
        state=state,
        member=member,
        client=librdkafka(settings),
        batch_records=settings.batch_records,
        batch_seconds=settings.batch_ms / 1000,
        dead_letters=DeadLetterLimit(settings.dead_run, settings.dead_share, settings.dead_window),
    )


def layout(settings: Settings, *, patience_seconds: float = 60.0) -> Layout:
    """Return what looks at the partition counts of the source topics."""
    from streams.live.engine.clients import Watermarks
    from streams.live.engine.partition_layout import Layout

    known = worker_state(settings)
    state = "" if known is None else known.name
    told = engine_settings(settings, state=state, patience_seconds=patience_seconds)
    return Layout(told, Watermarks(told))


def host_settings(settings: Settings) -> HostSettings:
    from streams.live.engine.settings import HostSettings

    secret = settings.webhook_secret.reveal().encode()
    return HostSettings(
        data_dir=settings.data_dir / "faust",
        partitions=settings.partitions,
        replication=settings.replication,
        web_host=settings.web_host,
        web_port=settings.web_port or pick_free_ports(1)[0],
        webhook_url=settings.webhook_url.reveal(),
        webhook_secrets=(secret,) if secret else (),
        stall_seconds=settings.stall_seconds,
        insert_seconds=settings.insert_seconds,
        shutdown_seconds=settings.shutdown_seconds,
    )


def warehouse(settings: Settings) -> Warehouse:
    return msgspec.convert(settings, Warehouse, from_attributes=True)


def worker_state(settings: Settings) -> WorkerState | None:
    """Return the state that goes with what is served, None where nobody has noted one, or ClickHouse does not say.

    Of a deployment that has none noted the first one is meant, in changelogs without a further name.
    """
    from clickhouse_driver import errors as driver

    from sinks import generations, promotion, states

    try:
        with clickhouse(settings) as client:
            return states.of(client, warehouse(settings), promotion.served(client, warehouse(settings)).order)
    except driver.ServerException as error:
        if error.code not in (driver.ErrorCodes.UNKNOWN_DATABASE, driver.ErrorCodes.UNKNOWN_TABLE):
            raise
    except (driver.NetworkError, driver.SocketTimeoutError, TimeoutError, EOFError, generations.GenerationError):
        pass
    return None


def invariants(settings: Settings) -> InvariantWatch:
    """Watch the view of broken invariants; at most a hundred are told at a time."""
    from streams.live.worker.invariants import Broken, InvariantWatch

    client = clickhouse(settings, database=settings.database)
    asked = "SELECT invariant, account_id, subject_id, detail, events FROM broken_invariant ORDER BY ALL LIMIT 100"

    def look() -> list[Broken]:
        found = client.execute(asked)
        return [Broken(name, account, subject, said, tuple(events)) for name, account, subject, said, events in found]

    return InvariantWatch(look, clock)


def sink(settings: Settings) -> ClickHouseSink:
    """Open the sink of the current generation; raises Unreachable before the first migration."""
    from clickhouse_driver import errors as driver

    from sinks import generations
    from sinks.clickhouse import ClickHouseSink
    from streams.live.engine.inserting import THREADS

    client = clickhouse(settings)
    try:
        generation = generations.current(client, warehouse(settings))
    except (driver.NetworkError, driver.SocketTimeoutError, TimeoutError, EOFError) as error:
        raise Unreachable(f"no ClickHouse answers at {settings.clickhouse_host}: {error}") from error
    except driver.ServerException as error:
        if error.code not in (driver.ErrorCodes.UNKNOWN_DATABASE, driver.ErrorCodes.UNKNOWN_TABLE):
            raise
        generation = None
    if generation is None:
        raise Unreachable("there are no tables yet: run `cx migrate` first")
    return ClickHouseSink(client, generation, others=[clickhouse(settings) for _ in range(THREADS - 1)])


def stores(settings: Settings) -> OpenStore:
    from streams.live.store.local import memory_stores, rocks_stores

    if settings.state_store == "memory":
        return memory_stores
    return rocks_stores(settings.data_dir.resolve() / "state")
