"""The whole product as a contender: its settings, topics, tables and worker program, nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from infra import deployment, local, topics, upgrading
from infra.embedded.clickhouse_users import ADMINISTRATOR, WRITER
from infra.secret import Secret
from infra.settings import Settings

if TYPE_CHECKING:
    from bench.stack import Stack

PREFIX = "bench."
SOURCE = f"{PREFIX}survey"
SOURCES = frozenset(f"{PREFIX}{name}" for name in ("survey", "billing", "support", "reference", "config"))
COMMAND = (sys.executable, "-m", "infra.cli", "worker")


def settings(stack: Stack, database: str, group: str, health: Literal["on", "off"] = "on") -> Settings:
    """A deployment on the benchmark's servers, with or without health of accounts, everything else as it comes."""
    return Settings(
        stack="external",
        data_dir=stack.scratch / database,
        topic_prefix=PREFIX,
        database=database,
        group=group,
        kafka_bootstrap=stack.bootstrap,
        clickhouse_port=stack.clickhouse.tcp_port,
        clickhouse_http_port=stack.clickhouse.http_port,
        clickhouse_user=ADMINISTRATOR,
        clickhouse_password=Secret(stack.clickhouse.passwords[ADMINISTRATOR]),
        writer_password=Secret(stack.clickhouse.passwords[WRITER]),
        web_port=0,
        health=health,
    )


def environment(chosen: Settings) -> dict[str, str]:
    """What a worker of the deployment is told; it may insert and nothing more."""
    return deployment.environment(deployment.as_writer(chosen))


def writer(chosen: Settings) -> tuple[str, str]:
    """Return name and password of the user that may insert and nothing more."""
    worker = deployment.as_writer(chosen)
    return worker.clickhouse_user, worker.clickhouse_password.reveal()


def tables(chosen: Settings) -> str:
    """Create the tables that are missing and return the database that holds them."""
    return upgrading.migrate(chosen).generation


def prepare(chosen: Settings) -> None:
    """Create the topics and tables that are missing."""
    local.prepare(chosen)
    chosen.data_dir.mkdir(parents=True, exist_ok=True)


def derived_topics(chosen: Settings) -> list[str]:
    """The topics that a run fills: changelogs, signals and dead letters."""
    return [topic.name for topic in topics.wanted(chosen) if topic.name not in SOURCES]
