"""Collecting within a batch costs a tenth of it; not collecting at all would let cycles pile up until memory ends."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from streams.live.engine import garbage
from streams.live.engine.garbage import GarbageCollection

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_nothing_is_collected_while_a_batch_is_folded_and_cycles_are_once_it_is_gone() -> None:
    """A batch of ten thousand events makes a hundred thousand rows, which all stay until they are inserted."""
    runs: list[str] = []

    def note(phase: str, _info: object) -> None:
        runs.append(phase)

    with GarbageCollection() as collection:
        collection.collect()
        gc.callbacks.append(note)
        try:
            cycle = weakref.ref(Cycle())
            rows = [(object(), [number]) for number in range(100_000)]
            assert not runs
            assert cycle() is not None
            del rows
            kept = [[number] for number in range(10_000)]
            collection.collect()
        finally:
            gc.callbacks.remove(note)
    assert runs
    assert len(kept) == 10_000
    assert cycle() is None


def test_an_idle_engine_does_not_collect_twenty_times_a_second() -> None:
    """Its cycles take milliseconds, and nearly nothing is new after one."""
    with GarbageCollection() as collection:
        gc.collect()
        cycle = weakref.ref(Cycle())
        collection.collect()
        assert cycle() is not None


def test_everything_is_collected_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has survived two collections of the young ones would otherwise stay as long as the worker."""
    monkeypatch.setattr(garbage, "_WORTH_IT", 0)
    with GarbageCollection() as collection:
        made = Cycle()
        gc.collect()  # as old as can be
        cycle = weakref.ref(made)
        del made
        for _ in range(99):
            collection.collect()
        assert cycle() is not None
        collection.collect()
        assert cycle() is None


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int, int]]:
    """A setting that no engine of another test has made, and no block is open."""
    monkeypatch.setattr(garbage, "_before", [])
    found = gc.get_threshold()
    gc.set_threshold(800, 11, 12)
    yield 800, 11, 12
    gc.set_threshold(*found)


def test_what_was_set_before_is_set_again(usual: tuple[int, int, int]) -> None:
    """The setting is the process's: an engine that has ended must not keep the collector out of what follows."""
    with GarbageCollection():
        assert gc.get_threshold() != usual
    assert gc.get_threshold() == usual


def test_of_two_engines_the_last_that_ends_sets_it_again(usual: tuple[int, int, int]) -> None:
    """The one that began first may end first: what it found is not what the other found."""
    first, second = GarbageCollection(), GarbageCollection()
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert gc.get_threshold() != usual
    second.__exit__()
    assert gc.get_threshold() == usual
