"""The outcome of one micro-batch of a partition, before any of it is written anywhere."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.envelope import Envelope
from streams.core.algebra import Signal
from streams.core.machine import Facts, Machine
from streams.core.rules import Rules

_astuple = msgspec.structs.astuple


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that could not be taken, with its origin, its bytes and why. `timestamp_ms` is the record's own.

    `envelope` is what its bytes say of its sender, as far as they go.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Any
    reason: str
    detail: str
    envelope: Envelope = Envelope()


class Batch(msgspec.Struct):
    """Rows, signals, dead letters and state changes of one micro-batch.

    `rows` maps a table to complete row tuples (version and is_deleted last); `changes` are the records of the
    changelog, None for a tombstone; `next_offset` is what to commit, None when nothing was consumed. `machine` has the
    logs that the batch works on, `digests` the content of each event that it takes, by identity. `is_of_rules` says
    that the batch does nothing but bring other rules into use. `aside` has deadlines that were put aside, by the key of
    their log, None for one that has gone by (see `streams.live.fold.failed_deadlines`).
    """

    topic: str
    partition: int
    machine: Machine = msgspec.field(default_factory=lambda: Machine(lambda _name: None, Rules(), {}, {}))
    rows: dict[str, list[tuple[Any, ...]]] = msgspec.field(default_factory=lambda: defaultdict(list))
    signals: list[Signal] = []
    dead: list[DeadLetter] = []
    changes: dict[bytes, bytes | None] = {}
    digests: dict[bytes, bytes] = {}
    unsettled: list[bytes] | None = None
    is_of_rules: bool = False
    aside: dict[bytes, bytes | None] = {}
    records: int = 0
    duplicates: int = 0
    next_offset: int | None = None

    def write(self, facts: Iterable[Facts], first_version: int) -> None:
        """Take what changed in logs: their rows, with versions from `first_version` on, and their signals."""
        rows = self.rows
        for each in facts:
            version = first_version | each.revision
            written, removed = (version, 0), (version, 1)
            for row in each.rows:
                rows[row.TABLE].append(_astuple(row) + written)
            for row in each.removed:
                rows[row.TABLE].append(_astuple(row) + removed)
            self.signals.extend(each.signals)

    def entities(self) -> set[bytes]:
        """Return the keys of the entities that the batch changed."""
        return self.machine.changed_entities()
