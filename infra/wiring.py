"""Clients and values of the layers below, made from the settings: the one place where the two meet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from schemas.codec import Codec
from schemas.confluent import Confluent
from sinks.clickhouse import connect
from streams.live.deadletters import DeadLetterLimit
from streams.live.settings import EngineSettings

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings

_REQUEST_BYTES = 9 << 20


class Unreachable(Exception):  # noqa: N818  # a state of the world that passes
    """A server that the settings name does not answer; the message is one sentence."""


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


def admin(settings: Settings) -> Any:
    """Open an administration client; raises Unreachable."""
    try:
        return KafkaAdminClient(**kafka_python(settings))
    except (KafkaError, OSError) as error:
        raise Unreachable(f"no Kafka broker answers at {settings.kafka_bootstrap}: {error}") from error


def producer(settings: Settings) -> Any:
    """Open an idempotent producer; its default partitioner is the Java clients' murmur2. Raises Unreachable."""
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


def codec(settings: Settings) -> Codec:
    return Codec(Confluent(settings.registry_url) if settings.registry_url else None)


def clickhouse(settings: Settings, *, database: str = "") -> Client:
    """Open a client of the user that migrates and writes; it connects at its first statement."""
    return connect(
        settings.clickhouse_host,
        settings.clickhouse_port,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.reveal(),
        database=database,
        secure=settings.clickhouse_secure,
    )


def reader(settings: Settings) -> Client:
    """Open a client of the user that reads views only."""
    return connect(
        settings.clickhouse_host,
        settings.clickhouse_port,
        user=settings.bi_user,
        password=settings.bi_password.reveal(),
        database=settings.database,
        secure=settings.clickhouse_secure,
    )


def engine_settings(settings: Settings, *, member: str = "") -> EngineSettings:
    return EngineSettings(
        bootstrap=settings.kafka_bootstrap,
        group=settings.group,
        prefix=settings.topic_prefix,
        member=member,
        client=librdkafka(settings),
        batch_records=settings.batch_records,
        batch_seconds=settings.batch_ms / 1000,
        dead_letters=DeadLetterLimit(settings.dead_run, settings.dead_share, settings.dead_window),
    )
