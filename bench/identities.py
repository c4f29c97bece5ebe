"""Cost of the identities of all events of one partition: memory, start-up and a look-up, against a plain dict.

    .venv/bin/python -m bench.identities --count 10000000

A store makes up heads as it is scanned, one response each, so that only the partition's own indexes are measured: a
memory store of ten million real heads would take four gigabytes of its own. Each kind runs in a process of its own.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from bench.state import opened, records
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("partition", "dict")
LOOKUPS = 200_000


class Heads(MemoryStore):
    """Scans `count` heads like a real one, each with a fingerprint of its own and no deadline."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._key, self._head = _head()

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        chance, before, after = random.Random(1), *self._head
        for number in range(self._count):
            yield self._key + number.to_bytes(4), before + chance.randbytes(24) + after


def _head() -> tuple[bytes, tuple[bytes, bytes]]:
    """Return the key of a response, and its head's bytes before and behind the fingerprint."""
    partition = opened(MemoryStore())
    changes = partition.process(list(records(1))).changes
    key, value = next((key, value) for key, value in changes.items() if key[:1] == b"r" and value is not None)
    head: list[Any] = msgspec.msgpack.decode(value)
    head[0] = (1 << 63) - 1
    value = msgspec.msgpack.encode(head)
    before, after = value.split(head[2])
    return key, (before, after)


def _as_dict(count: int) -> dict[bytes, bytes]:
    """Index as before ADR 0147: identity to the key of its entity, one bytes object for each event that came."""
    chance, found = random.Random(1), {}
    for number in range(count):
        fingerprint = chance.randbytes(24)
        found[fingerprint[:16]] = b"racc-00000\0" + fingerprint[:16] + number.to_bytes(4)
    return found


def measured(kind: str, count: int) -> str:
    """Return one line: bytes an identity, processor microseconds to add one and to look up one that is new."""
    heads, chance = Heads(count), random.Random(2)
    opened(Heads(1))
    unknown = [chance.randbytes(16) for _ in range(LOOKUPS)]
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.process_time()
    index: Any = opened(heads) if kind == "partition" else _as_dict(count)
    took = time.process_time() - began
    gc.collect()
    resident = psutil.Process().memory_info().rss - before
    look = index._identities.digest_of if kind == "partition" else index.get  # noqa: SLF001 - the index alone is measured
    began = time.process_time()
    for each in unknown:
        look(each)
    asked = time.process_time() - began
    return (
        f"{kind:<11}{count:>11,} identities: {resident / 1e6:8,.0f} MB, {resident / count:6.1f} bytes each;"
        f" opened in {took:6.1f} s of the processor; {asked / LOOKUPS * 1e6:.2f} µs a look-up"
    )


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.identities", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=KINDS, help="only this one, in this process")
    args = parser.parse_args()
    if args.kind:
        print(measured(args.kind, args.count))
        return
    for kind in KINDS:
        subprocess.run(
            [sys.executable, "-m", "bench.identities", "--count", str(args.count), "--kind", kind], check=True
        )


if __name__ == "__main__":
    main()
