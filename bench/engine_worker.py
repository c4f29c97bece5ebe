"""The project's engine with the plain NPS fold: transactions, state in memory, changelog, one output per event.

It decodes with the project's own readers, as its users would; the others decode with fastavro, as theirs would.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from bench.job import job_from_environment
from bench.plain_nps import Output, PlainNps
from schemas.codec import Codec
from sinks.port import SinkRefused
from streams.live.engine.engine import Engine
from streams.live.engine.settings import EngineSettings

if TYPE_CHECKING:
    from sinks.port import Rows
    from streams.live.store.port import Store


class NoSink:
    """The plain fold writes to Kafka alone."""

    def insert(self, rows: Rows) -> None:
        for table in rows:
            raise SinkRefused("the plain fold makes no rows", table=table)

    def close(self) -> None:
        """Hold nothing."""


def main() -> None:
    job = job_from_environment()
    codec = Codec()

    def open_partition(topic: str, number: int, _partitions: int, store: Store) -> PlainNps:
        return PlainNps(topic, number, store, lambda value: codec.decode(value)[1])

    def encode(output: Output) -> bytes:
        return output.value

    engine = Engine(
        settings=EngineSettings(
            bootstrap=job.bootstrap, group=job.group, prefix="", topics=(job.source,), signals_topic=job.output
        ),
        sink=NoSink(),
        open_partition=open_partition,
        encode_signal=encode,  # type: ignore[arg-type]
        clock=lambda: time.time_ns() // 1000,
    )
    signal.signal(signal.SIGTERM, lambda *_: engine.stop())
    engine.run()


if __name__ == "__main__":
    main()
