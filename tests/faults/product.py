"""The product as it is deployed: its own topics and tables on given servers, and `cx worker` processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka.admin import AdminClient

from infra import deployment, local
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, WRITER
from infra.secret import Secret
from infra.settings import Settings
from infra.stack import Stack
from tests.faults.fleet import Fleet
from tests.faults.recount import Where, query

COMMAND = (sys.executable, "-m", "infra.cli", "worker")


class Product(Fleet):
    """A deployment. `told` are the settings of whoever looks at it, `changes` what its workers are told differently.

    Workers reach servers through a proxy where `changes` name one: kafka_bootstrap, clickhouse_port.
    """

    def __init__(self, told: Settings) -> None:
        super().__init__(told.data_dir)
        self.told = told
        self.changes: dict[str, Any] = {}

    @property
    def where(self) -> Where:
        """The deployment as the checkers see it."""
        told = self.told
        user = f"{told.clickhouse_user}:{told.clickhouse_password.reveal()}"
        return Where(
            told.kafka_bootstrap,
            told.topic_prefix,
            told.group,
            f"http://{user}@{told.clickhouse_host}:{told.clickhouse_http_port}",
            told.database,
        )

    def program(self, home: Path, name: str) -> tuple[list[str], dict[str, str]]:
        kept = home.with_name(name) if name else home  # what a named worker has on its disk is there for its successor
        told = msgspec.structs.replace(deployment.as_writer(self.told), **{"data_dir": kept, **self.changes})
        return [*COMMAND, *(("--name", name) if name else ())], deployment.environment(told)

    def drop(self) -> None:
        """Remove topics, tables and the group's offsets; the workers' files and logs stay."""
        admin = AdminClient({"bootstrap.servers": self.told.kafka_bootstrap, "log_level": 0})
        topics = [topic for topic in admin.list_topics(timeout=60).topics if topic.startswith(self.told.topic_prefix)]
        for deleted in admin.delete_topics(topics).values() if topics else ():
            deleted.result(timeout=60)
        named = f"SELECT name FROM system.databases WHERE startsWith(name, '{self.told.database}')"
        for (database,) in query(self.where, named):
            query(self.where, f"DROP DATABASE `{database}` SYNC")


@contextmanager
def deployed(stack: Stack, directory: Path, name: str, **settings: Any) -> Iterator[Product]:
    """Create topics and tables under a name of their own; everything but files and logs is gone at the end.

    `name` is lower case letters and digits. State is kept in memory and the web takes any free port unless told.
    """
    told = Settings(
        stack="external",
        data_dir=directory / name,
        topic_prefix=f"{name}.",
        database=f"cx_of{name}",
        group=name,
        kafka_bootstrap=stack.bootstrap,
        clickhouse_host=stack.clickhouse_host,
        clickhouse_port=stack.clickhouse_port,
        clickhouse_http_port=stack.clickhouse_http_port,
        clickhouse_user=ADMINISTRATOR,
        clickhouse_password=Secret(stack.passwords[ADMINISTRATOR]),
        writer_password=Secret(stack.passwords[WRITER]),
        bi_password=Secret(stack.passwords[BI_READER]),
        **({"web_port": 0} | settings),
    )
    told.data_dir.mkdir(parents=True)
    local.prepare(told)
    product = Product(told)
    try:
        yield product
    finally:
        product.stop()
        product.drop()
