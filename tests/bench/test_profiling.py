"""A profile that files a stack under the wrong part sends somebody to speed up the wrong thing."""

from __future__ import annotations

import importlib
import re

import pytest

from bench.profiling import FAUST, PARTS, shares

ENGINE = (
    "Thread.run (threading.py:1);EngineService._run (streams/live/worker/engine_service.py:2);"
    "Engine.run (streams/live/engine/engine.py:9)"
)
PARTITION = f"{ENGINE};Partition.process (streams/live/fold/partition.py:1)"


def test_a_stack_belongs_to_its_innermost_named_part() -> None:
    """Decoding happens inside the partition, the partition inside the engine: only decoding counts."""
    found = shares(
        [
            f"{PARTITION};Decoder.decode (schemas/decoder.py:5);read (<string>:7) 6",
            f"{PARTITION} 3",
            f"{ENGINE};Engine._cycle (streams/live/engine/engine.py:4) 1",
        ]
    )
    assert found == {"decode Avro": 0.6, "partition, the rest": 0.3, "engine, the rest": 0.1}


def test_other_threads_count_unless_they_only_wait() -> None:
    """The host's event loop is busy with signals; its waiting in select is not work, nor is that of helping threads."""
    loop = "main (infra/cli/app.py:1);BaseEventLoop._run_once (asyncio/base_events.py:1)"
    found = shares(
        [
            f"{loop};EpollSelector.select (selectors.py:468) 90",
            "Thread.run (threading.py:9);_worker (concurrent/futures/thread.py:81) 90",
            "Watchdog._watch (streams/live/worker/watchdog.py:1);Condition.wait (threading.py:3) 90",
            f"{loop};send (faust/x.py:3) 5",
            f"{ENGINE} 5",
        ]
    )
    assert found == {FAUST: 0.5, "engine, the rest": 0.5}


@pytest.mark.parametrize(("part", "frame"), PARTS)
def test_every_part_names_a_function_that_exists(part: str, frame: str) -> None:
    """A renamed function would silently move its time to the part around it."""
    matched = re.fullmatch(r"([\w.]+) \((.+)\.py", frame)
    assert matched, part
    found: object = importlib.import_module(matched[2].replace("/", "."))
    for name in matched[1].split("."):
        found = getattr(found, name)
