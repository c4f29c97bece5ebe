"""A stage under replay: members read one after another, the whole cut short anywhere, ends as live leaves it."""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks.port import Rows
from streams.core.rows import TABLES
from streams.live.engine.crash_points import no_crash
from streams.live.fold.partition import Partition
from streams.live.fold.parts import PartsCodec
from streams.live.fold.stage import Stage
from streams.live.store.rocks import RocksStore
from streams.replay import filler as fillers
from streams.replay import outbox
from streams.replay.filler import Filler
from streams.replay.store import ReplayStore
from tests.streams.live.test_ledger_deadlines import FAR, admitted
from tests.support.batches import Tables, recorded
from tests.support.levels import LEVELS
from tests.support.records import CODEC, Record
from tests.support.siblings import STAGE, TOPICS, TYPES, Siblings, figures, kinds_with
from tests.support.warmth import ROWS
from tests.support.warmth_histories import mixed_histories

STAGED = PartsCodec(STAGE)
POINTS = ("before_insert", "after_insert", "after_store", "in_tick")


class Killed(BaseException):
    """The process dies here."""


class Warehouse:
    def __init__(self) -> None:
        self.tables = Tables()

    def insert(self, rows: Rows) -> None:
        for table, several in rows.items():
            for row in several:
                key = (table, *row[: TABLES[table].KEY])
                if key not in self.tables or self.tables[key][-2] <= row[-2]:
                    self.tables[key] = tuple(row)

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(autouse=True)
def small_inserts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few records make an insert, and tables of the toy are known."""
    monkeypatch.setattr(fillers, "RECORDS_AT_ONCE", 3)
    monkeypatch.setattr(fillers, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(outbox, "_AT_ONCE", 2)
    for row in ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)


class Replay:
    """Four partitions and their stage, each with a directory; every run goes on from what was kept."""

    def __init__(self, left: dict[str, list[Record]], directory: Path) -> None:
        self.left, self.directory = left, directory
        self.warehouse = Warehouse()

    def run(self, upto: float, crash: Callable[[str], None] = no_crash) -> None:
        """Read a share of each topic, and let the stage take what that brought."""
        ends = {topic: int(len(self.left[topic]) * upto) for topic in TOPICS}
        for topic, end in ends.items():
            self._member(topic, end, crash)
        store = ReplayStore(RocksStore(self.directory / "account"))
        members = [RocksStore(self.directory / topic) for topic in TOPICS]
        try:
            stage = Stage(0, store, rules=LEVELS, ledgers=STAGE, epoch=0)
            with self._filler(stage, store, crash) as filler:
                outbox.take(stage, STAGED, filler, members, sum(ends.values()))
            assert store.position.changelog == sum(ends.values())
        finally:
            store.close()
            for each in members:
                each.close()

    def _member(self, topic: str, end: int, crash: Callable[[str], None]) -> None:
        store = ReplayStore(RocksStore(self.directory / topic))
        kinds = kinds_with(STAGE)
        partition = Partition(topic, 0, store, codec=CODEC, rules=LEVELS, types=TYPES[topic], epoch=0, kinds=kinds)
        try:
            with self._filler(partition, store, crash) as filler:
                read = [each for each in self.left[topic][:end] if each.offset() >= store.position.changelog]
                for at in range(0, len(read), 2):
                    filler.read(read[at : at + 2])
                last = self.left[topic][end - 1].offset() + 1 if end else 0
                filler.end(last)
        finally:
            store.close()

    def _filler(self, of: Any, store: ReplayStore, crash: Callable[[str], None]) -> Filler:
        return Filler(of, store, self.warehouse, clock=lambda: FAR, tables=TABLES, crash=crash, codec=STAGED)


def dying(point: str, at: int) -> Callable[[str], None]:
    passed: Counter[str] = Counter()

    def hook(name: str) -> None:
        passed[name] += 1
        if name == point and passed[name] == at:
            raise Killed

    return hook


deaths = st.lists(st.tuples(st.sampled_from([0.3, 0.7, 1.0]), st.sampled_from(POINTS), st.integers(1, 6)), max_size=3)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), deaths)
def test_wherever_a_replay_is_cut_short_it_ends_as_live_does(data: st.DataObject, ends: list[Any]) -> None:
    """Members are read by processes that know nothing of one another: what they hand over must survive all of them."""
    records = recorded([each for each in data.draw(mixed_histories()) if admitted(each)])
    live = Siblings(records, LEVELS)
    left = {topic: list(of_topic) for topic, of_topic in live.left.items()}
    with tempfile.TemporaryDirectory() as directory:
        replay = Replay(left, Path(directory))
        for upto, point, at in ends:
            with suppress(Killed):
                replay.run(upto, dying(point, at))
        replay.run(1.0)
        again = dict(replay.warehouse.tables)
        replay.run(1.0)
        assert replay.warehouse.tables == again, "a run with nothing to do changed rows, or their versions"
        for topic in TOPICS:
            with closing(RocksStore(Path(directory) / topic)) as store:
                assert not list(outbox.names(store)), "what the stage has taken is kept no longer"
    assert figures(replay.warehouse.tables) == live.finish(FAR)
