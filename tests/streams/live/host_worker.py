"""The whole worker program as a process, with the memory sink: python -m tests.streams.live.host_worker JSON."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

from schemas.codec import Codec
from sinks.memory import MemorySink
from sinks.port import Rows, SinkRefused
from streams.live import host
from streams.live.assembly import product_engine
from streams.live.settings import EngineSettings, HostSettings


class Refusing(MemorySink):
    """Refuses whatever it is given."""

    def insert(self, rows: Rows) -> None:
        raise SinkRefused("no such column", table=next(iter(rows)))


def clock() -> int:
    return time.time_ns() // 1000


def main() -> None:
    told = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    engine_settings = EngineSettings(**told["engine"])
    codec = Codec()
    engine = product_engine(
        settings=engine_settings,
        sink=Refusing() if told.get("refuse") else MemorySink(),
        codec=codec,
        clock=clock,
    )
    settings = HostSettings(
        data_dir=Path(told["data_dir"]),
        web_port=told["web_port"],
        webhook_url=told["webhook_url"],
        webhook_secrets=(told["secret"].encode(),),
    )
    host.run(engine=engine, engine_settings=engine_settings, settings=settings, codec=codec, clock=clock)


if __name__ == "__main__":
    main()
