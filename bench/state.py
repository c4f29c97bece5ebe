"""What state costs: memory per open entity, and how long a worker takes to get it back from the changelog.

Two programs, run by the benchmark in processes of their own: `fill` folds generated responses, one entity each, and
writes their changelog; `restore` reads it back into a store of one kind and opens the partition on it.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from confluent_kafka import Producer

from bench import events
from bench.encoding import ResponseEncoder
from bench.job import Job, job_from_environment
from bench.record import Made
from schemas.codec import Codec
from streams.core.rules import Rules
from streams.live.engine.clients import ChangelogReader, Watermarks
from streams.live.engine.restore import restore
from streams.live.engine.settings import EngineSettings
from streams.live.fold.partition import Partition
from streams.live.store.local import rocks_stores
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.live.store.port import Store

CHUNK = 5_000
MEGABYTE = 1e6
PATIENCE_S = 60.0
STORES = ("memory", "rocksdb")
TYPES = frozenset({events.EVENT_TYPE})


@dataclass(frozen=True, slots=True)
class Restored:
    """Keys and the bytes they and their values hold, seconds to read them and to index them, resident megabytes."""

    store: str
    keys: int
    content_mb: float
    restore_s: float
    open_s: float
    resident_mb: float
    peak_mb: float
    disk_mb: float


def records(count: int) -> Iterator[Made]:
    encode, now_ms = ResponseEncoder(), time.time_ns() // 1_000_000
    for number, fields in enumerate(events.responses(count, now_ms * 1000)):
        yield Made(number, fields["account_id"].encode(), encode(fields), now_ms)


def opened(store: Store) -> Partition:
    return Partition("bench.state", 0, store, codec=Codec(), rules=Rules(), types=TYPES)


def fill(job: Job, count: int) -> None:
    """Write the changelog of `count` entities into partition 0 of the job's changelog."""
    producer = Producer({"bootstrap.servers": job.bootstrap, "linger.ms": 20, "compression.type": "lz4"})
    partition, made = opened(MemoryStore()), records(count)
    while chunk := list(islice(made, CHUNK)):
        batch = partition.process(chunk)
        if batch.dead or batch.records < len(chunk):
            raise RuntimeError(f"{batch.records} of {len(chunk)} records taken, refused: {batch.dead[:1]}")
        partition.commit(batch)
        for key, value in batch.changes.items():
            producer.produce(job.changelog, value, key, partition=0)
        producer.flush()


def measured(job: Job, kind: str) -> Restored:
    """Restore the job's changelog into a store of the kind, as a worker does, and open the partition on it."""
    opened(MemoryStore())  # what codec and schemas need is there before and after
    store = MemoryStore() if kind == "memory" else rocks_stores(Path(job.scratch))(job.changelog, 0, "")
    before = _resident()
    restored_s = _restore(job, store)
    began = time.monotonic()
    partition = opened(store)
    opened_s = time.monotonic() - began
    resident, peak = _resident() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    sizes = [len(key) + len(value) for key, value in store.scan()]
    result = Restored(
        store=kind,
        keys=len(sizes),
        content_mb=sum(sizes) / MEGABYTE,
        restore_s=restored_s,
        open_s=opened_s,
        resident_mb=resident / MEGABYTE,
        peak_mb=peak / MEGABYTE,
        disk_mb=sum(each.stat().st_size for each in Path(job.scratch).rglob("*") if each.is_file()) / MEGABYTE,
    )
    del partition
    store.close()
    return result


def _restore(job: Job, store: Store) -> float:
    settings = EngineSettings(bootstrap=job.bootstrap, group=job.group)
    reader = ChangelogReader(settings, Watermarks(settings), job.changelog, 0)
    began = time.monotonic()
    restore(reader, store, clock=lambda: time.time_ns() // 1000, patience=PATIENCE_S, max_age=PATIENCE_S)
    reader.close()
    return time.monotonic() - began


def _resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def main(command: str, argument: str) -> None:
    job = job_from_environment()
    if command == "fill":
        fill(job, int(argument))
    else:
        print(json.dumps(asdict(measured(job, argument))))


if __name__ == "__main__":
    main(*sys.argv[1:])
