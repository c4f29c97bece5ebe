"""G10 without servers: whatever came in, and wherever a replay dies, the tables end as live leaves them."""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.memory import MemorySink
from sinks.port import SinkUnavailable
from sinks.tables import TABLES
from streams.core.rules import Rules
from streams.live.engine.crash_points import no_crash
from streams.live.fold.partition import REVISION_BITS, Partition
from streams.live.store.memory import MemoryStore
from streams.live.store.port import Store
from streams.live.store.rocks import RocksStore
from streams.replay import filler as fillers
from streams.replay.crash import POINTS
from streams.replay.filler import Filler
from streams.replay.store import ReplayStore
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted

_TYPES = frozenset({"response_submitted", "response_corrected", "response_deleted", "followup_logged"})
_LATER = NOW_MS * 1000 + 10 * 86_400_000_000
_HERE = [name for name in POINTS if name != "between_partitions"]
Happening = tuple[str, int, int, str]

_HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["response_submitted", "response_corrected", "response_deleted", "followup_logged", "bad"]),
        st.integers(0, 3),
        st.integers(0, 10),
        st.sampled_from(["acme", "bolt"]),
    ),
    max_size=14,
)


class Killed(BaseException):
    """The process dies here."""


def _open(store: Store, epoch: int | None) -> Partition:
    return Partition("survey", 0, store, codec=CODEC, rules=Rules(), types=_TYPES, epoch=epoch)


def _records(happenings: list[Happening]) -> list[Record]:
    found = []
    for number, (kind, response, score, account) in enumerate(happenings):
        name, answers = f"r{account}{response}", [{"question_id": "q1", "kind": "NPS", "number": float(score)}]
        if kind == "bad":
            found.append(Record(number, account.encode(), b"\xc3\x01 nothing that was ever written"))
            continue
        fields: dict[str, Any] = {
            "response_submitted": lambda n=number, r=name, s=score: submitted(n, r, float(s)),
            "response_corrected": lambda n=number, r=name, a=answers: event(n, response_id=r, answers=a),
            "response_deleted": lambda n=number, r=name: event(n, response_id=r),
            "followup_logged": lambda n=number, r=name: event(n, response_id=r, followup_id="f", kind="call"),
        }[kind]()
        found.append(record(number, kind, {**fields, "account_id": account}))
    return found


def _live(records: list[Record]) -> dict[str, list[tuple[Any, ...]]]:
    """The tables as a worker leaves them that takes one record at a time."""
    sink, partition = MemorySink(), _open(MemoryStore(), None)
    for each in records:
        batch = partition.process([each])
        sink.insert(batch.rows)
        partition.commit(batch)
    while partition.next_deadline() <= _LATER:
        batch = partition.tick(_LATER)
        sink.insert(batch.rows)
        partition.commit(batch)
    return sink.tables()


def _fill(
    records: list[Record],
    directory: Path,
    sink: Any,
    *,
    size: int = 2,
    crash: Callable[[str], None] = no_crash,
    **choices: Any,
) -> None:
    """One run over the partition from where its state stands, as a worker process makes it."""
    store = ReplayStore(RocksStore(directory))
    try:
        with Filler(
            _open(store, 0), store, sink, clock=lambda: _LATER, crash=crash, **{"tables": TABLES, **choices}
        ) as filler:
            for at in range(store.position.changelog, len(records), size):
                filler.read(records[at : at + size])
            filler.end(len(records))
    finally:
        store.close()


@pytest.fixture(autouse=True)
def small_inserts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few records make an insert, so that a short history has many boundaries."""
    monkeypatch.setattr(fillers, "RECORDS_AT_ONCE", 3)
    monkeypatch.setattr(fillers, "ROWS_AT_ONCE", 5)


@settings(deadline=None, max_examples=40)
@given(_HAPPENINGS, st.integers(1, 5))
def test_a_replay_ends_in_the_tables_of_live(happenings: list[Happening], size: int) -> None:
    """The promise of an event log: whatever came in, in whatever batches, comes out the same a second time."""
    records, sink = _records(happenings), MemorySink()
    with tempfile.TemporaryDirectory() as directory:
        _fill(records, Path(directory), sink, size=size)
    assert sink.tables() == _live(records)


@settings(deadline=None, max_examples=60)
@given(_HAPPENINGS, st.integers(1, 4), st.lists(st.tuples(st.sampled_from(_HERE), st.integers(1, 4)), max_size=3))
def test_killed_anywhere_any_number_of_times_it_ends_the_same(
    happenings: list[Happening], size: int, kills: list[tuple[str, int]]
) -> None:
    """Between any two steps: rows may come twice with the same versions, none is missing and none is another's."""
    records, sink = _records(happenings), MemorySink()
    with tempfile.TemporaryDirectory() as directory:
        for point, count in kills:
            try:
                _fill(records, Path(directory), sink, size=size, crash=_dying(point, count))
            except Killed:
                continue
        _fill(records, Path(directory), sink, size=size)
    assert sink.tables() == _live(records)


def _dying(point: str, count: int) -> Callable[[str], None]:
    passed: Counter[str] = Counter()

    def hook(at: str) -> None:
        passed[at] += 1
        if at == point and passed[at] == count:
            raise Killed

    return hook


@settings(deadline=None, max_examples=25)
@given(_HAPPENINGS, _HAPPENINGS)
def test_catching_up_is_the_same_as_one_run(before: list[Happening], after: list[Happening]) -> None:
    """Workers go on while a generation is filled: the second stretch takes what came since, and nothing twice."""
    whole, sink = _records([*before, *after]), MemorySink()
    with tempfile.TemporaryDirectory() as directory:
        _fill(whole[: len(before)], Path(directory), sink)
        _fill(whole, Path(directory), sink)
        _fill(whole, Path(directory), sink)
    assert sink.tables() == _live(whole)


@settings(deadline=None, max_examples=25)
@given(_HAPPENINGS)
def test_one_account_by_itself_has_the_rows_that_it_has_among_others(happenings: list[Happening]) -> None:
    """A repair replaces one account's rows: they must be those of a full rebuild, and nobody else's may be touched."""
    records, sink = _records(happenings), MemorySink()
    tables = [name for name, table in TABLES.items() if table.by_account]
    with tempfile.TemporaryDirectory() as directory:
        _fill(records, Path(directory), sink, tables=tables, accounts=[b"acme"])
    mine = {
        name: [row for row in rows if name in tables and row[TABLES[name].names.index("account_id")] == "acme"]
        for name, rows in _live(records).items()
    }
    assert sink.tables() == mine


@settings(deadline=None, max_examples=25)
@given(_HAPPENINGS, st.integers(1, 4))
def test_what_is_kept_is_not_read_again(happenings: list[Happening], count: int) -> None:
    """Going on after a kill must cost what is left, not the whole again; and a filled partition costs nothing."""
    records, read = _records(happenings), list[int]()
    with tempfile.TemporaryDirectory() as directory:
        with suppress(Killed):
            _fill(records, Path(directory), MemorySink(), crash=_dying("after_store", count))
        kept = _position(directory)
        _fill(records, Path(directory), MemorySink(), show=lambda more, _rows: read.append(more))
        assert sum(read) == len(records) - kept
        assert _position(directory) == len(records)


def _position(directory: str) -> int:
    store = RocksStore(Path(directory))
    found = store.position.changelog
    store.close()
    return found


def test_live_rows_outrank_replayed_ones(tmp_path: Path) -> None:
    """After a promotion workers write into the replayed tables: no replayed row may ever hide one of theirs."""
    versions: list[int] = []

    class Watching(MemorySink):
        def insert(self, rows: Any) -> None:
            versions.extend(row[-2] for batch in rows.values() for row in batch)
            super().insert(rows)

    _fill(_records([("response_submitted", 0, 3, "acme"), ("bad", 0, 0, "acme")]), tmp_path, Watching())
    assert versions
    assert max(versions) < 1 << REVISION_BITS


def test_a_sink_that_comes_back_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart of the database in the middle of an hour's replay must not cost the hour."""
    monkeypatch.setattr(fillers, "_AGAIN_S", 0.0)
    away = iter([True, True])

    class Restarting(MemorySink):
        def insert(self, rows: Any) -> None:
            if next(away, False):
                raise SinkUnavailable("away")
            super().insert(rows)

    records, sink = _records([("response_submitted", 0, 3, "acme")]), Restarting()
    _fill(records, tmp_path, sink)
    assert sink.tables() == _live(records)


def test_a_sink_that_stays_away_ends_the_replay_with_nothing_noted(tmp_path: Path) -> None:
    """A position noted before its rows are acknowledged would leave them out for good."""

    class Away(MemorySink):
        def insert(self, _rows: Any) -> None:
            raise SinkUnavailable("away")

    records = _records([("response_submitted", number, 3, "acme") for number in range(4)])
    with pytest.raises(SinkUnavailable):
        _fill(records, tmp_path, Away(), patience=0)
    store = RocksStore(tmp_path)
    assert (store.position.changelog, len(store)) == (0, 0)
    store.close()
