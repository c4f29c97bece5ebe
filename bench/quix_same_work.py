"""The project's processor as a Quix Streams application: the honest peer of `product`.

Decodes, checks, folds and explains every event with the project's core and inserts the same rows with the project's
sink. State, commit and output topics are those of Quix Streams, as its guide shows them: a stateful `apply` on RocksDB
with a changelog, a batching sink that is flushed at each commit, exactly-once. Left out, because Quix Streams has no
place for it: time that passes without events (deadlines), the delivery of signals, the live board, web endpoints.

Run by the benchmark inside a virtual environment of its own (bench/requirements.lock).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from quixstreams import Application, State, message_context
from quixstreams.sinks import BatchingSink, SinkBackpressureError, SinkBatch

from bench.job import Warehouse, job_from_environment
from bench.record import Made
from bench.same_processor import Processor, Result
from schemas.codec import Codec
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.port import SinkUnavailable

RETRY_SECONDS = 5.0


class RowsSink(BatchingSink):  # type: ignore[misc] # Quix Streams ships no type information
    """Inserts the rows of a commit, one statement for each table and partition."""

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__()
        self._warehouse = warehouse

    def setup(self) -> None:
        chosen = self._warehouse
        client = connect(chosen.host, chosen.port, user=chosen.user, password=chosen.password)
        self._sink = ClickHouseSink(client, chosen.database)

    def write(self, batch: SinkBatch) -> None:
        rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for item in batch:
            for table, more in item.value.rows.items():
                rows[table].extend(more)
        try:
            self._sink.insert(rows)
        except SinkUnavailable as error:
            raise SinkBackpressureError(RETRY_SECONDS) from error


def main() -> None:
    job = job_from_environment()
    assert job.warehouse is not None, "this contender writes to ClickHouse"
    app = Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        state_dir=job.scratch,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        loglevel="WARNING",
    )
    processor, encode = Processor(), Codec().encode

    def said(result: Result) -> list[bytes]:
        """Return signals as framed records, and dead letters as they came."""
        return [*(encode("signal_raised", msgspec.structs.asdict(each)) for each in result.signals), *result.dead]

    def step(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> Result:
        where = message_context()
        record = Made(where.offset, key, value, timestamp, headers)
        return processor.take(where.topic, where.partition, record, state)

    source = app.topic(job.source, key_deserializer="bytes", value_deserializer="bytes")
    output = app.topic(job.output, key_serializer="bytes", value_serializer="bytes")
    results = app.dataframe(source).apply(step, stateful=True, metadata=True)
    results.sink(RowsSink(job.warehouse))
    results.apply(said, expand=True).to_topic(output)
    app.run()


if __name__ == "__main__":
    main()
