"""Where the CPU time of a worker goes: stacks sampled by py-spy, summed up by the part of the work they belong to."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE_HZ = 200
WAITING = (
    "EpollSelector.select (selectors.py",
    "Condition.wait (threading.py",
    "_worker (concurrent/futures/thread.py",
)
"""Innermost frames of threads that wait; py-spy takes some of them for busy."""
FAUST = "Faust: signals, board, web"
# (part, frame): a stack belongs to the first part whose frame it holds. Functions as py-spy prints them.
PARTS = (
    ("decode Avro", "Decoder.decode (schemas/decoder.py"),
    ("typed event", "parse (streams/core/events.py"),
    ("contract checks", "check (streams/core/admission.py"),
    ("identity and digest", "fingerprint_of (streams/core/algebra.py"),
    ("fold, rows, signals", "Machine.take (streams/core/machine.py"),
    ("encode state", "Partition._finish (streams/live/fold/partition.py"),
    ("rows to tuples", "Batch.write (streams/live/fold/batch.py"),
    ("partition, the rest", "Partition.process (streams/live/fold/partition.py"),
    ("take over into the store", "Engine._take_over (streams/live/engine/engine.py"),
    ("insert into ClickHouse", "ClickHouseSink.insert (sinks/clickhouse.py"),
    ("encode signals", "Codec.encode (schemas/codec.py"),
    ("Kafka transaction", "Transactions.commit (streams/live/engine/transaction.py"),
    ("consume", "Intake.take (streams/live/engine/intake.py"),
    ("engine, the rest", "Engine.run (streams/live/engine/engine.py"),
)


def sample(pid: int, seconds: int, output: Path) -> list[str]:
    """Stacks of a running process, one "frame;frame;... count" line each. Raises CalledProcessError.

    Only the thread that holds the interpreter's lock counts: one that waits for it looks busy, and costs nothing.
    """
    spy = str(Path(sys.executable).with_name("py-spy"))
    command = [spy, "record", "--gil", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE_HZ)]
    subprocess.run([*command, "--format", "raw", "--output", str(output)], check=True, capture_output=True)
    return output.read_text().splitlines()


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """Share of the sampled time by part, largest first; threads that only wait are left out."""
    found: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        if not stack.rpartition(";")[2].startswith(WAITING):
            found[part_of(stack)] += int(count)
    total = found.total()
    return {part: count / total for part, count in found.most_common()}


def part_of(stack: str) -> str:
    return next((part for part, frame in PARTS if frame in stack), FAUST)


def native_seconds(pid: int) -> float:
    """CPU seconds so far of librdkafka's own threads, which run no Python."""
    task = Path(f"/proc/{pid}/task")
    threads = psutil.Process(pid).threads()
    return sum(
        thread.user_time + thread.system_time
        for thread in threads
        if (task / str(thread.id) / "comm").read_text().startswith("rdk:")
    )
