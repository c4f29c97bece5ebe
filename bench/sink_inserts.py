"""How rows get into ClickHouse fastest: plain row tuples, columns, or numpy arrays, for the 23 columns of response.

    python -m bench.sink_inserts

Starts an embedded server of its own and prints rows/s and CPU microseconds of the client per row, best of three.
"""

import random
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table

from infra.embedded import clickhouse
from sinks.clickhouse import connect
from sinks.migrate import migrate
from sinks.port import RowTuple
from sinks.settings import Warehouse
from sinks.tables import TABLES

SIZES = (1_000, 4_000, 20_000)
ROUNDS = 3
COLUMNS = TABLES["response"].columns
DTYPES = {
    "DateTime64(6, 'UTC')": "datetime64[us]",
    "Float64": "f8",
    "UInt8": "u1",
    "UInt16": "u2",
    "Int32": "i4",
    "UInt64": "u8",
}
SETTINGS = {"async_insert": 0, "network_compression_method": "LZ4"}


def responses(count: int) -> list[RowTuple]:
    chance = random.Random(1)
    made = []
    for i in range(count):
        at = 1_760_000_000_000_000 + chance.randrange(10**13)
        account, contact = f"acc-{chance.randrange(10_000)}", f"c{chance.randrange(100_000)}"
        ids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(2)]
        asked = (account, ids[0], "s1", 1, "", "", contact, "email", "en", "submitted", None, at, True)
        made.append((*asked, float(chance.randrange(11)), False, 0, False, "app:main", ids[1], at, at + 1000, i, 0))
    return made


def as_arrays(rows: list[RowTuple]) -> list[np.ndarray]:
    """Columns as numpy takes them; nullable and text columns stay objects."""
    return [
        np.array(values, dtype=DTYPES.get(column.type, object))
        for column, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    ]


def best(insert: Callable[[], object]) -> tuple[float, float]:
    """Least wall and CPU seconds of some rounds."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        insert()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def main() -> None:
    shown = Table("rows", "how", "rows/s", "client CPU us/row")
    statement = f"INSERT INTO cx_g1.response ({', '.join(TABLES['response'].names)}) VALUES"
    with tempfile.TemporaryDirectory() as home, clickhouse.start(Path(home)) as server:
        plain = connect(server.host, server.tcp_port)
        numpy = Client(server.host, port=server.tcp_port, settings={**SETTINGS, "use_numpy": True})
        packed = Client(server.host, port=server.tcp_port, settings=SETTINGS, compression="lz4")
        migrate(plain, Warehouse())
        for size in SIZES:
            rows = responses(size)
            ways = {
                "row tuples": lambda rows=rows: plain.execute(statement, rows),
                "row tuples, LZ4": lambda rows=rows: packed.execute(statement, rows),
                "row tuples, types_check": lambda rows=rows: plain.execute(statement, rows, types_check=True),
                "columns": lambda rows=rows: plain.execute(
                    statement, [list(column) for column in zip(*rows, strict=True)], columnar=True
                ),
                "numpy": lambda rows=rows: numpy.execute(statement, as_arrays(rows), columnar=True),
            }
            for name, insert in ways.items():
                wall, cpu = best(insert)
                shown.add_row(f"{size:,}", name, f"{size / wall:,.0f}", f"{cpu / size * 1e6:.1f}")
    Console().print(shown)


if __name__ == "__main__":
    main()
