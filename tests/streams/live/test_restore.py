"""Restore against a changelog in memory: open and aborted transactions, compaction, stores of any age."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.live.engine.checkpoint import CHECKPOINT_KEY, Checkpoint, decode, encode, reconcile
from streams.live.engine.restore import Chunk, restore
from streams.live.errors import EngineStopped
from streams.live.store.memory import MemoryStore
from streams.live.store.port import Position

SECOND = 1_000_000
DAY = 86_400


class LogInMemory:
    """A changelog whose records are visible up to `stable`, which moves on as reads go by.

    `log` holds (key, value) for a committed change and None for what a read-committed reader never sees.
    """

    def __init__(
        self, log: list[tuple[bytes, bytes | None] | None], *, stable: int | None = None, low: int = 0
    ) -> None:
        self.name, self.log, self.low = "changelog-0", log, low
        self.stable = len(log) if stable is None else stable
        self.opens_after = 3
        self.at, self.reads, self.seeks = 0, 0, list[int]()

    def bounds(self) -> tuple[int, int]:
        return self.low, len(self.log)

    def seek(self, offset: int) -> None:
        self.at = offset
        self.seeks.append(offset)

    def read(self) -> Chunk:
        self.reads += 1
        if self.reads > self.opens_after >= 0:
            self.stable = len(self.log)
        seen = self.log[self.at : min(self.at + 3, self.stable)]
        self.at += len(seen)
        return Chunk([each for each in seen if each is not None], self.at)


def jumping() -> Iterator[int]:
    """Tell a date that is set a day ahead and back again at every look: no wait may go by it."""
    while True:
        yield 10 * DAY * SECOND
        yield 11 * DAY * SECOND - SECOND


def restored(log: LogInMemory, store: MemoryStore) -> bytes:
    date, seconds = jumping(), count()
    told = restore(log, store, clock=lambda: next(date), elapsed=lambda: float(next(seconds)), patience=20, max_age=DAY)
    return told.checkpoint


changes = st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.none() | st.binary(min_size=1, max_size=2))
checkpoints = st.tuples(st.just(CHECKPOINT_KEY), st.binary(min_size=1, max_size=2))  # nobody deletes a mark
entries = st.lists(st.none() | changes | checkpoints, max_size=30)


@given(entries, st.data())
def test_the_store_is_the_fold_of_everything_below_the_high_watermark(
    log: list[tuple[bytes, bytes | None] | None], data: st.DataObject
) -> None:
    """The law, for any log and any last stable offset: stopping at the latter is how state gets lost."""
    stable = data.draw(st.integers(0, len(log)))
    store = MemoryStore()
    checkpoint = restored(LogInMemory(log, stable=stable), store)
    model = dict(entry for entry in log if entry is not None)
    assert checkpoint == (model.pop(CHECKPOINT_KEY, None) or b"")
    assert dict(store.scan()) == {key: value for key, value in model.items() if value is not None}
    assert store.position.changelog == len(log)


@given(entries, st.data())
def test_a_restart_reads_only_the_difference(log: list[tuple[bytes, bytes | None] | None], data: st.DataObject) -> None:
    """A local store at any earlier point ends where a full restore ends, and older records are not asked for."""
    cut = data.draw(st.integers(0, len(log)))
    full, partial = MemoryStore(), MemoryStore()
    checkpoint = restored(LogInMemory(log), full)
    restored(LogInMemory(log[:cut]), partial)
    rest = LogInMemory(log)
    assert restored(rest, partial) == checkpoint
    assert rest.seeks == [cut]
    assert dict(partial.scan()) == dict(full.scan())


@pytest.mark.parametrize(
    ("position", "why"),
    [
        (Position(9, 10 * DAY * SECOND), "the log ends before it: the topic was made anew"),
        (Position(3, 8 * DAY * SECOND), "it is older than the time for which deletions are remembered"),
    ],
)
def test_a_store_that_the_changelog_cannot_bring_up_to_date_is_emptied(position: Position, why: str) -> None:
    """A stale key would be taken for state; each case has its reason."""
    store = MemoryStore()
    store.put_all({b"stale": b"1"})
    store.set_position(position)
    log = LogInMemory([None, None, (b"a", b"1"), (b"b", b"2")])
    restored(log, store)
    assert dict(store.scan()) == {b"a": b"1", b"b": b"2"}, why
    assert log.seeks == [0]


@pytest.mark.parametrize("position", [Position(), Position(1, 10 * DAY * SECOND)], ids=["no copy", "an older copy"])
def test_a_trimmed_changelog_is_refused_unless_a_local_copy_covers_it(position: Position) -> None:
    """What was cut off may be all there was of a key; the mark alone would say that everything is there."""
    store = MemoryStore()
    store.set_position(position)
    log = [None, None, (b"a", b"1"), (CHECKPOINT_KEY, b"m")]
    with pytest.raises(EngineStopped, match="state lost: changelog-0 was trimmed, it begins at offset 2"):
        restored(LogInMemory(log, low=2), store)
    store.set_position(Position(2, 10 * DAY * SECOND))
    assert restored(LogInMemory(log, low=2), store) == b"m"


def test_a_transaction_that_never_ends_is_named_not_waited_for_for_ever() -> None:
    """A hanging transaction needs a person; a worker that waits in silence would hide it."""
    log = LogInMemory([(b"a", b"1"), (b"b", b"2")], stable=1)
    log.opens_after = -1
    with pytest.raises(EngineStopped, match="changelog-0: an open transaction holds offset 1 of 2"):
        restored(log, MemoryStore())


@given(st.integers(0, 2**60))
def test_marks_survive_their_bytes(source: int) -> None:
    """The mark is the promise that state and offsets are one; it must say what was written."""
    assert decode(encode(Checkpoint(source))) == Checkpoint(source)


@pytest.mark.parametrize(
    ("checkpoint", "committed", "begins"),
    [(None, None, 4), (Checkpoint(7), 7, 7), (Checkpoint(7), None, 7)],
    ids=["new group", "both agree", "the group's offsets expired"],
)
def test_where_a_partition_begins(checkpoint: Checkpoint | None, committed: int | None, begins: int) -> None:
    """Expired offsets are no reason to count everything twice: the state knows where it stands."""
    assert reconcile("t-0", checkpoint, committed, 4).source == begins


@pytest.mark.parametrize(
    ("checkpoint", "committed", "reason"),
    [
        (None, 7, "state lost"),
        (Checkpoint(6), 7, "state and offsets differ"),
        (Checkpoint(8), 7, "state and offsets differ"),
        (Checkpoint(3), 3, "events lost"),
    ],
)
def test_a_partition_refuses_to_begin_with_state_of_another_time(
    checkpoint: Checkpoint | None, committed: int, reason: str
) -> None:
    """G9: a lost or trimmed changelog and offsets moved by hand end in a sentence, not in wrong figures."""
    with pytest.raises(EngineStopped) as stopped:
        reconcile("t-0", checkpoint, committed, 4)
    assert stopped.value.reason == reason
    assert "t-0" in stopped.value.detail
