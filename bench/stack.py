"""The servers of one benchmark: started fresh on loopback and free ports, stopped and removed afterwards."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.usage import Usage
from infra.embedded import clickhouse, kafka

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.embedded.clickhouse import ClickHouseServer


@dataclass(frozen=True, slots=True)
class Stack:
    """Running servers and a directory for whatever else a run needs."""

    bootstrap: str
    clickhouse: ClickHouseServer
    kafka: Usage
    clickhouse_usage: Usage
    scratch: Path


@contextmanager
def servers(build: Path) -> Iterator[Stack]:
    """Kafka and ClickHouse with empty data directories under `build`. Raises EmbeddedServerError."""
    build.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="stack-", dir=build)).resolve()
    with ExitStack() as running:
        running.callback(shutil.rmtree, home, ignore_errors=True)
        broker = running.enter_context(kafka.start(home / "kafka"))
        database = running.enter_context(clickhouse.start(home / "clickhouse", others=["cx_*"]))
        scratch = home / "scratch"
        scratch.mkdir()
        yield Stack(broker.bootstrap, database, Usage.of([broker.pid]), Usage.of([database.pid]), scratch)
