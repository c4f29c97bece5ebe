"""One engine as a process of its own, for tests that kill it: python -m tests.streams.live.worker JSON."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

from streams.live.engine.crash_points import crash_at
from streams.live.engine.engine import Engine
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from streams.live.store.local import memory_stores, rocks_stores
from tests.streams.live.counting import CountingPartition, FileSink, encode_signal


class SlowSink(FileSink):
    """Holds every insert for a while, so that kills find work under way."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(path)
        self.seconds = seconds

    def insert(self, rows: dict) -> None:
        time.sleep(self.seconds)
        super().insert(rows)


def main() -> None:
    told = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {os.getpid()} %(levelname)s %(message)s")
    engine = Engine(
        settings=EngineSettings(**told["settings"]),
        sink=SlowSink(Path(told["sink"]), told.get("slow", 0.0)),
        open_partition=CountingPartition,
        open_store=rocks_stores(Path(told["rocks"])) if told.get("rocks") else memory_stores,
        encode_signal=encode_signal,
        clock=lambda: time.time_ns() // 1000,
        crash=crash_at(told.get("crash_at", "")),
    )
    signal.signal(signal.SIGTERM, lambda *_: engine.stop())
    try:
        engine.run()
    except EngineStopped as stopped:
        logging.critical("%s", stopped)  # noqa: LOG015 - the test reads it
        os._exit(3)


if __name__ == "__main__":
    main()
