"""An engine in a thread of the test's own process, for what does not need a kill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sinks.port import Rows, SinkUnavailable
from streams.live.engine.engine import Engine
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from tests.streams.live.counting import CountingPartition, FileSink, encode_signal
from tests.streams.live.harness import Run


class Flaky:
    """The file sink behind a switch: `fault` is raised instead of, or after, each insert while it is set.

    Its `held`-th insert is answered only once `answering` is set.
    """

    def __init__(self, sink: FileSink) -> None:
        self.sink = sink
        self.fault: Exception | None = None
        self.after_writing = False
        self.calls = 0
        self.held = 0
        self.answering = threading.Event()
        self._counting = threading.Lock()

    def insert(self, rows: Rows) -> None:
        with self._counting:
            self.calls += 1
            number = self.calls
        if number == self.held:
            assert self.answering.wait(120)
        if self.fault is None or self.after_writing:
            self.sink.insert(rows)
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        """Hold nothing."""

    def away(self, *, after_writing: bool = False) -> None:
        self.fault, self.after_writing = SinkUnavailable("gone"), after_writing

    def back(self) -> None:
        self.fault = None


class Background:
    """Runs an engine; `outcome` is what ended it, once it has ended."""

    def __init__(self, engine: Engine, sink: Flaky) -> None:
        self.engine, self.sink = engine, sink
        self.outcome: EngineStopped | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.engine.run()
        except EngineStopped as stopped:
            self.outcome = stopped

    def ended(self, seconds: float = 120) -> EngineStopped | None:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the engine goes on"
        return self.outcome


@contextmanager
def engine(
    run: Run,
    *,
    clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    partition: Callable[..., Any] = CountingPartition,
    sink: Flaky | None = None,
    **settings: Any,
) -> Iterator[Background]:
    """Run an engine until the block is left. Nobody kills it, so its session may outlast any pause of the machine."""
    sink = sink or Flaky(run.sink)
    patient = {"session_seconds": 30.0, "transaction_seconds": 30.0, "sink_retry_seconds": 0.2}
    told = EngineSettings(**{**run.settings(), **patient, **settings})
    background = Background(
        Engine(settings=told, sink=sink, open_partition=partition, encode_signal=encode_signal, clock=clock), sink
    )
    try:
        yield background
    finally:
        sink.answering.set()
        background.engine.stop()
        background.ended()
