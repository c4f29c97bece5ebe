"""A cycle's rows reach the sink beside the reducing, and nobody goes on before the last of them is acknowledged."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.port import Rows, RowTuple, SinkRefused, SinkUnavailable
from streams.live.engine.crash_points import no_crash
from streams.live.engine.inserting import THREADS, Inserts, head
from streams.live.engine.stats import EngineStats


class Keeping:
    """Keeps what it acknowledges; `fails` says of each insert, by its number, whether it is away then."""

    def __init__(self, fails: Callable[[int], bool] = lambda _: False) -> None:
        self._fails, self._lock = fails, threading.Lock()
        self.tried: list[str] = []
        self.kept: set[RowTuple] = set()

    def insert(self, rows: Rows) -> None:
        with self._lock:
            self.tried.extend(rows)
            if self._fails(len(self.tried)):
                raise SinkUnavailable("away")
            self.kept.update(row for table in rows.values() for row in table)

    def close(self) -> None:
        """Hold nothing."""


@contextmanager
def inserts(sink: Keeping, *, least_rows: int = 1, crash: Callable[[str], None] = no_crash) -> Iterator[Inserts]:
    made = Inserts(sink, least_rows=least_rows, crash=crash, stats=EngineStats(), clock=lambda: 1)
    yield made
    made.close()


def reduce(made: Inserts, sizes: list[int], tables: int = 1) -> set[RowTuple]:
    """Play the engine's part over partitions of so many records, each a row in every table; return all rows."""
    every = set()
    for number, records in made.alongside((number, range(size)) for number, size in enumerate(sizes)):
        rows = {f"t{table}": [(table, number, record) for record in records] for table in range(tables)}
        made.gather(rows)
        every |= {row for table in rows.values() for row in table}
    return every


sizes = st.lists(st.integers(1, 30), max_size=6)


@given(sizes)
def test_enough_is_left_to_be_reduced_beside_the_insert(parts: list[int]) -> None:
    """Rows that set off when next to nothing is left would make a part more and save no time."""
    ahead = head(parts)
    assert ahead == 0 or sum(parts[ahead:]) >= 0.2 * sum(parts)
    assert ahead < max(1, len(parts))


def test_partitions_of_one_size_leave_the_last_to_be_reduced_meanwhile() -> None:
    """The usual case: four partitions a worker, or two."""
    assert [head([10] * count) for count in (0, 1, 2, 4)] == [0, 0, 1, 3]


@given(sizes, st.integers(1, 3), st.integers(1, 40), st.sets(st.integers(1, 12)))
def test_settled_means_every_row_is_acknowledged(parts: list[int], tables: int, least: int, away: set[int]) -> None:
    """The heart of the order: whichever inserts fail, `settle` raises until none does, and then nothing is missing."""
    sink = Keeping(away.__contains__)
    with inserts(sink, least_rows=least) as made:
        every = reduce(made, parts, tables)
        for _ in range(20):
            try:
                told = made.settle()
            except SinkUnavailable:
                assert not every <= sink.kept
            else:
                break
        assert sink.kept == every
        assert told == len(every)
        assert made.settle() == 0, "rows came again in the next cycle"


@given(sizes, st.integers(1, 3))
def test_a_table_is_inserted_twice_at_most(parts: list[int], tables: int) -> None:
    """Every insert is a part, and merging parts is what costs the server most."""
    sink = Keeping()
    with inserts(sink) as made:
        reduce(made, parts, tables)
        made.settle()
    assert all(times <= 2 for times in Counter(sink.tried).values())


class Held(Keeping):
    """Acknowledges its `nth` insert only when it is released."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self._nth, self._numbers = nth, itertools.count(1)
        self.reached, self.released = threading.Event(), threading.Event()

    def insert(self, rows: Rows) -> None:
        if next(self._numbers) == self._nth:
            self.reached.set()
            assert self.released.wait(30)
        super().insert(rows)


def test_rows_are_under_way_while_the_last_partition_is_reduced() -> None:
    """The purpose of it all; the rows of few records stay for one insert."""
    sink = Held(1)
    with inserts(sink, least_rows=15) as made:
        for number, records in made.alongside([(0, range(10)), (1, range(10)), (2, range(10))]):
            if number == 2:
                assert sink.reached.wait(30)
                sink.released.set()
            made.gather({"many": [(number, each) for each in records], "few": [(number,)]})
        made.settle()
    assert sorted(sink.tried) == ["few", "many", "many"]


@pytest.mark.parametrize("nth", [1, 2])
def test_settling_waits_for_the_slowest_acknowledgement(nth: int) -> None:
    """Going on while one insert is under way would commit rows that nobody has."""
    sink, order = Held(nth), list[str]()
    with inserts(sink) as made:
        every = reduce(made, [10, 10])
        threading.Timer(0.1, lambda: (order.append("released"), sink.released.set())).start()
        made.settle()
        order.append("settled")
    assert order == ["released", "settled"]
    assert sink.kept == every


def test_a_refusal_ahead_of_the_others_is_told() -> None:
    """The engine stops by it; a refusal that got lost would be a row that got lost."""

    class Refusing(Keeping):
        def insert(self, rows: Rows) -> None:
            super().insert(rows)
            if len(self.tried) == 1:
                raise SinkRefused("no such column", table="t0")

    with inserts(Refusing()) as made:
        reduce(made, [10, 10])
        with pytest.raises(SinkRefused, match="no such column"):
            made.settle()


def test_an_outage_is_met_once_not_by_every_table() -> None:
    """Each insert may wait for a timeout; one after the other they would outlast the membership."""
    together = threading.Barrier(THREADS)

    class Away(Keeping):
        def insert(self, rows: Rows) -> None:
            self.tried.extend(rows)
            together.wait(30)
            raise SinkUnavailable("away")

    sink = Away()
    with inserts(sink) as made:
        reduce(made, [10, 10], tables=6)
        with pytest.raises(SinkUnavailable, match="away"):
            made.settle()
    assert len(sink.tried) == THREADS


def test_a_void_cycle_leaves_nothing_to_the_next() -> None:
    """Its partitions may be somebody else's: their rows must not ride along."""
    sink = Keeping({1}.__contains__)
    with inserts(sink) as made:
        reduce(made, [10])
        with pytest.raises(SinkUnavailable):
            made.settle()
        made.forget()
        assert made.settle() == 0
    assert sink.kept == set()


def test_the_crash_point_lies_before_the_first_insert_of_a_cycle() -> None:
    """A test that ends the process at "before_insert" must find nothing inserted, ahead or not."""
    seen: list[tuple[str, int]] = []
    sink = Keeping()
    with inserts(sink, crash=lambda point: seen.append((point, len(sink.tried)))) as made:
        reduce(made, [10, 10])
        made.settle()
        made.settle()
    assert seen == [("before_insert", 0), ("before_insert", 2)]
