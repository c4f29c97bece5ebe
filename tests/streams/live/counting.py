"""A small fold that shows every engine fault: a running count and sum per account, with one output per event.

An event lost, doubled, out of order or folded into a stale state changes a running count, and the count is in the
outputs, in the rows and in the changelog at once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streams.core.algebra import Signal
from streams.core.limits import NEVER
from streams.live.fold.batch import Batch, DeadLetter
from streams.live.store.port import Store

EPOCH_KEY = b"\0epoch"
TABLE = "running"


class CountingPartition:
    """Values are "account:score:time"; anything else is a dead letter. A score's `time` is a deadline if not zero."""

    def __init__(self, topic: str, number: int, _partitions: int, store: Store) -> None:
        self.topic, self.number, self.store = topic, number, store
        self.epoch = int.from_bytes(store.get(EPOCH_KEY) or b"\0") + 1
        self.announced = False
        self.deadlines = {
            key: state["due"] for key, value in store.scan() if key != EPOCH_KEY and (state := json.loads(value))["due"]
        }

    def process(self, records: Iterable[Any]) -> Batch:
        batch, states = self._new(), {}
        for record in records:
            batch.records += 1
            try:
                account, score, due = (record.value() or b"").decode().split(":")
                add = int(score)
            except ValueError:
                self._refuse(batch, record)
                continue
            state = self._state(states, account.encode())
            state["n"] += 1
            state["sum"] += add
            state["due"] = int(due) or state["due"]
            self._say(batch, account, state, f"{self.number}/{record.offset()}")
        return self._finish(batch, states)

    def tick(self, now: int, *, is_caught_up: bool = True) -> Batch:  # noqa: ARG002 - it has no plans
        batch, states = self._new(), {}
        for key, due in self.deadlines.items():
            if due <= now:
                state = self._state(states, key)
                state["due"], state["fired"] = 0, state["fired"] + 1
                self._say(batch, key.decode(), state, f"tick/{key.decode()}/{state['fired']}")
        return self._finish(batch, states)

    def commit(self, batch: Batch) -> None:
        self.announced = True
        self.store.put_all(batch.changes)
        for key, value in batch.changes.items():
            if key != EPOCH_KEY and value is not None:
                due = json.loads(value)["due"]
                self.deadlines.pop(key, None)
                if due:
                    self.deadlines[key] = due

    def next_deadline(self) -> int:
        return min(self.deadlines.values(), default=NEVER)

    def _new(self) -> Batch:
        return Batch(self.topic, self.number)

    def _state(self, states: dict[bytes, dict[str, int]], key: bytes) -> dict[str, int]:
        if key not in states:
            stored = self.store.get(key)
            states[key] = json.loads(stored) if stored else {"n": 0, "sum": 0, "due": 0, "fired": 0, "rev": 0}
        return states[key]

    def _say(self, batch: Batch, account: str, state: dict[str, int], origin: str) -> None:
        state["rev"] += 1
        version = self.epoch << 40 | state["rev"]
        batch.rows[TABLE].append((account, state["n"], state["sum"], state["fired"], version, 0))
        batch.signals.append(Signal(origin, "count", account, "", 0, {"n": str(state["n"])}))

    def _refuse(self, batch: Batch, record: Any) -> None:
        origin = (self.topic, self.number, record.offset(), record.timestamp()[1])
        payload = (record.key(), record.value(), record.headers())
        batch.dead.append(DeadLetter(*origin, *payload, "malformed", "not account:score:time"))

    def _finish(self, batch: Batch, states: dict[bytes, dict[str, int]]) -> Batch:
        batch.changes = {key: json.dumps(state).encode() for key, state in states.items()}
        if not self.announced:
            batch.changes[EPOCH_KEY] = self.epoch.to_bytes(8)
        return batch


def encode_signal(signal: Signal) -> bytes:
    return json.dumps([signal.signal_id, signal.account_id, int(signal.detail["n"])]).encode()


class FileSink:
    """Rows appended to one file that all workers share: acknowledged means written, whatever kills the writer."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def insert(self, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        lines = "".join(json.dumps(row) + "\n" for table in rows.values() for row in table).encode()
        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.write(file.fileno(), lines)

    def final(self) -> dict[str, tuple[int, int, int]]:
        """Account -> (n, sum, fired) of the row with the highest version, as ReplacingMergeTree would keep it."""
        newest: dict[str, tuple[int, tuple[int, int, int]]] = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            account, n, total, fired, version, _ = json.loads(line)
            if account not in newest or version >= newest[account][0]:
                newest[account] = (version, (n, total, fired))
        return {account: kept for account, (_, kept) in newest.items()}
