"""Carry what a replay and its worker processes tell each other: a line of JSON each, over the worker's own pipes.

A worker may run another version of the code, so fields are only ever added here, with a default.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from streams.core.rules import Override


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The first line to a worker: which generation it fills, where the partitions' states are, and how fast it may.

    `accounts` is empty for all; `per_second` 0 sets no limit.
    """

    generation: str
    directory: str
    accounts: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    per_second: float = 0.0


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One partition, from where its state stands (or offset `start`, without one) up to but without `end`.

    With `siblings` it is the account stage of a number: the topics that feed it, all of which have been read there.
    `end` is then the sum of their ends.
    """

    topic: str
    partition: int
    start: int
    end: int
    siblings: tuple[str, ...] = ()


class Opened(msgspec.Struct, frozen=True, tag=True):
    """A task is begun at `position`."""

    position: int


class Moved(msgspec.Struct, frozen=True, tag=True):
    """So many more records were read, and so many more rows acknowledged."""

    records: int
    rows: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """The task is done: all of it is acknowledged and on disk."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The worker cannot go on; one sentence."""

    reason: str


Told: TypeAlias = Opened | Moved | Done | Failed

_encode = msgspec.json.Encoder().encode
told = msgspec.json.Decoder(Told).decode
job = msgspec.json.Decoder(Job).decode
task = msgspec.json.Decoder(Task).decode


def line(message: Job | Task | Told) -> bytes:
    return _encode(message) + b"\n"
