"""The ClickHouse sink: one acknowledged INSERT for each table of the rows given, over the native protocol.

Rows are turned into columns and packed by `sinks.blocks`, which is cheaper than the driver's way with rows
(docs/adr/0151). Times travel as integers, which DateTime64 columns take unconverted.

The driver pings before each statement and reconnects silently when the ping fails. That is safe here: a statement
is whole or it raises, no state lives in the session, and nothing is ever repeated except by the caller.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import LifoQueue
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver import errors as driver
from clickhouse_driver.errors import ErrorCodes as Code

from sinks.blocks import columns_of, pack_blocks_of
from sinks.checks import refusal
from sinks.port import Rows, RowTuple, SinkRefused, SinkUnavailable
from sinks.tables import TABLES

# Server errors that pass: timeouts, limits of the moment, shutdown, disks, replication. Anything else is a refusal,
# because stopping in error is seen and waiting in error is not.
_PASSING = frozenset(
    {
        Code.ABORTED,
        Code.ATTEMPT_TO_READ_AFTER_EOF,
        Code.CANNOT_ALLOCATE_MEMORY,
        Code.CANNOT_FSYNC,
        Code.CANNOT_READ_FROM_SOCKET,
        Code.CANNOT_WRITE_TO_FILE_DESCRIPTOR,
        Code.CANNOT_WRITE_TO_SOCKET,
        Code.KEEPER_EXCEPTION,
        Code.MEMORY_LIMIT_EXCEEDED,
        Code.NETWORK_ERROR,
        Code.NOT_ENOUGH_SPACE,
        Code.NO_ZOOKEEPER,
        Code.POCO_EXCEPTION,
        Code.QUERY_WAS_CANCELLED,
        Code.READONLY,
        Code.SOCKET_TIMEOUT,
        Code.STD_EXCEPTION,
        Code.TABLE_IS_READ_ONLY,
        Code.TIMEOUT_EXCEEDED,
        Code.TOO_MANY_PARTS,
        Code.TOO_MANY_SIMULTANEOUS_QUERIES,
        Code.UNEXPECTED_END_OF_FILE,
        Code.UNKNOWN_EXCEPTION,
        Code.UNKNOWN_STATUS_OF_INSERT,
        265,  # ABANDONED_DATA_PART, 285 TOO_FEW_LIVE_REPLICAS, 425 SYSTEM_ERROR, 499 S3_ERROR: unnamed in the driver
        285,
        425,
        499,
    }
)
_BROKEN_LINK = (
    driver.NetworkError,
    driver.SocketTimeoutError,
    driver.UnexpectedPacketFromServerError,
    EOFError,
    OSError,
)


class ClickHouseSink:
    """Writes rows into the tables of one generation database, at once over as many connections as it has clients.

    ``others`` are clients like the first. ``checked`` compares every value with its column first: for tests. The
    driver's own ``types_check`` stays off, for with it an integer that is too wide loses its high bits without a word,
    and without it packing the value fails.
    """

    def __init__(self, client: Client, database: str, *, others: Iterable[Client] = (), checked: bool = False) -> None:
        self._clients, self._checked = (client, *others), checked
        self._idle: LifoQueue[Client] = LifoQueue()
        for each in self._clients:
            pack_blocks_of(each)
            self._idle.put(each)
        self._statements = {
            table.name: f"INSERT INTO `{database}`.`{table.name}` ({', '.join(f'`{c}`' for c in table.names)}) VALUES"
            for table in TABLES.values()
        }

    def insert(self, rows: Rows) -> None:
        for table, batch in rows.items():
            if table not in self._statements:
                raise SinkRefused("no such table", table=table)
            if batch:
                self._insert(table, list(batch))

    def _insert(self, table: str, batch: list[RowTuple]) -> None:
        if self._checked and (misfit := refusal(table, batch)) is not None:
            raise misfit
        try:
            columns = columns_of(batch)
            with self._client() as client:
                stored = client.execute(self._statements[table], columns, columnar=True)
        except driver.ServerException as error:
            raise _judged(table, error) from error
        except _BROKEN_LINK as error:
            raise SinkUnavailable(f"{table}: {error!r}") from error
        except Exception as error:
            # What is left is raised while values are packed: one of them does not fit its column.
            raise refusal(table, batch) or SinkRefused(repr(error), table=table) from error
        if stored != len(batch):
            raise SinkUnavailable(f"{table}: {stored} of {len(batch)} rows were acknowledged")

    @contextmanager
    def _client(self) -> Iterator[Client]:
        """Lend an idle client; wait for one while all are busy."""
        client = self._idle.get()
        try:
            yield client
        finally:
            self._idle.put(client)

    def close(self) -> None:
        for client in self._clients:
            client.disconnect()


def _judged(table: str, error: Any) -> SinkUnavailable | SinkRefused:
    """Tell a server error that passes from one that does not."""
    message = str(error.message).split("Stack trace", maxsplit=1)[0].strip()
    if error.code in _PASSING:
        return SinkUnavailable(f"{table}: code {error.code}: {message}")
    return SinkRefused(f"code {error.code}: {message}", table=table)
