"""The whole worker program as a process, with the memory sink: python -m tests.streams.live.host_worker JSON."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any

from schemas.codec import Codec
from sinks.memory import MemorySink
from sinks.port import Rows, SinkRefused
from streams.live.engine.crash_points import crash_at
from streams.live.engine.engine import Engine
from streams.live.engine.settings import EngineSettings, HostSettings
from streams.live.worker import host
from streams.live.worker.assembly import product_engine


class Refusing(MemorySink):
    """Refuses whatever it is given."""

    def insert(self, rows: Rows) -> None:
        raise SinkRefused("no such column", table=next(iter(rows)))


def clock() -> int:
    return time.time_ns() // 1000


def stall(told: dict[str, Any], engine: Engine) -> None:
    """Prepare what SIGHUP does: block the event loop, or make the consumer fetch nothing more, without a word."""

    def happen(*_: object) -> None:
        if told.get("stall") == "loop":
            time.sleep(3600)
        consumer = engine._intake.consumer
        consumer.pause(consumer.assignment())

    signal.signal(signal.SIGHUP, happen)


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
        crash=crash_at(told.get("crash", "")),
    )
    stall(told, engine)
    settings = HostSettings(
        data_dir=Path(told["data_dir"]),
        web_port=told["web_port"],
        webhook_url=told["webhook_url"],
        webhook_secrets=(told["secret"].encode(),),
        **told.get("host", {}),
    )
    host.run(engine=engine, engine_settings=engine_settings, settings=settings, codec=codec, clock=clock)


if __name__ == "__main__":
    main()
