"""What it costs to get a batch's rows into ClickHouse, for the client and for the server, and what changes that.

    python -m bench.sink_inserts [WAY ...]

Reduces generated responses as a worker does, inserts their rows table by table into an embedded server of its own and
prints CPU and wall microseconds per event over many rounds in random order: the least, which other work on the machine
disturbs least, and of the server the mean. Merges are held back meanwhile. Arrow comes with the embedded server's
package; no part of the product needs it.
"""

import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table

from bench.state import opened, records
from bench.usage import Usage
from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.port import Rows
from sinks.settings import Warehouse
from sinks.tables import TABLES
from streams.live.store.memory import MemoryStore

SIZES = (2_500, 10_000)
EVENTS = 60_000
PAUSE_S = 0.05
MICROS = 1e6

Cost = tuple[float, float, float]  # seconds: the client's CPU, the server's, wall


def insert(client: Client, rows: Rows, *, columnar: bool = False, settings: Mapping[str, int] | None = None) -> None:
    for table, batch in rows.items():
        columns = ", ".join(TABLES[table].names)
        data = [list(column) for column in zip(*batch, strict=True)] if columnar else batch
        statement = f"INSERT INTO cx_g1.{table} ({columns}) VALUES"
        client.execute(statement, data, columnar=columnar, settings=settings)


def arrow_type(kind: str) -> Any:
    """The Arrow type that a column of a response's rows is sent as."""
    bare = kind.removeprefix("Nullable(").removesuffix(")") if kind.startswith("Nullable(") else kind
    if bare.startswith("DateTime64"):
        return pa.timestamp("us", "UTC")
    return pa.string() if bare.endswith(("String", "String)")) else pa.type_for_alias(bare.lower())


def insert_arrow(host: str, port: int, headers: Mapping[str, str], rows: Rows) -> None:
    link = HTTPConnection(host, port)  # the server closes one that waits for its turn
    for table, batch in rows.items():
        described = TABLES[table].columns
        schema = pa.schema([(column.name, arrow_type(column.type)) for column in described])
        arrays = [
            pa.array([*map(int, values)] if column.type == "UInt8" else values, field.type)
            for column, field, values in zip(described, schema, zip(*batch, strict=True), strict=True)
        ]
        to = pa.BufferOutputStream()
        with pa.ipc.new_stream(to, schema) as stream:
            stream.write_batch(pa.record_batch(arrays, schema=schema))
        statement = f"INSERT INTO cx_g1.{table} ({', '.join(TABLES[table].names)}) FORMAT ArrowStream"
        asked = urlencode({"query": statement, "async_insert": 0, "optimize_on_insert": 0})
        link.request("POST", f"/?{asked}", memoryview(to.getvalue()), dict(headers))
        answer = link.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(said.decode())
    link.close()


def ways(
    client: Client, sink: ClickHouseSink, arrow: Callable[[Rows], None], rows: Rows
) -> dict[str, Callable[[], None]]:
    made = partial(insert, client, rows)
    return {
        "the sink": partial(sink.insert, rows),
        "row tuples": made,
        "columns": partial(made, columnar=True),
        "Arrow over HTTP": partial(arrow, rows),
        "labels as plain strings": partial(made, settings={"low_cardinality_allow_in_native_format": 0}),
        "statistics left to merges": partial(made, settings={"materialize_statistics_on_insert": 0}),
        "rows of one key merged at once": partial(made, settings={"optimize_on_insert": 1}),
    }


def cost(way: Callable[[], None], server: Usage) -> Cost:
    """The server's clock ticks a hundred times a second: only many rounds tell its share."""
    cpu, theirs, wall = time.process_time(), server.read()[0], time.perf_counter()
    way()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    time.sleep(PAUSE_S)
    return cpu, server.read()[0] - theirs, wall


def measured(chosen: Mapping[str, Callable[[], None]], server: Usage, rounds: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = defaultdict(list)
    order = list(chosen) * rounds
    random.Random(1).shuffle(order)
    for name in order:
        costs[name].append(cost(chosen[name], server))
    return {name: costs[name] for name in chosen}


def main(*chosen: str) -> None:
    shown = Table("events", "rows", "how", "client µs", "server µs", "wall µs")
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        password, usage = server.passwords[ADMINISTRATOR], Usage.of([server.pid])
        client = connect(server.host, server.tcp_port, password=password)
        sink = ClickHouseSink(connect(server.host, server.tcp_port, password=password), "cx_g1")
        who = {"X-ClickHouse-User": ADMINISTRATOR, "X-ClickHouse-Key": password}
        arrow = partial(insert_arrow, server.host, server.http_port, who)
        migrate(client, Warehouse())
        for size in SIZES:
            rows = opened(MemoryStore()).process(records(size)).rows
            for table in rows:
                client.execute(f"TRUNCATE TABLE cx_g1.{table}")
                client.execute(f"SYSTEM STOP MERGES cx_g1.{table}")
            every = ways(client, sink, arrow, rows)
            compared = {name: every[name] for name in chosen or every}
            for name, costs in measured(compared, usage, EVENTS // size).items():
                cpu, _, wall = (min(each) / size * MICROS for each in zip(*costs, strict=True))
                theirs = statistics.mean(each[1] for each in costs) / size * MICROS
                figures = (f"{figure:.1f}" for figure in (cpu, theirs, wall))
                shown.add_row(f"{size:,}", f"{sum(map(len, rows.values())):,}", name, *figures)
    Console().print(shown)


if __name__ == "__main__":
    main(*sys.argv[1:])
