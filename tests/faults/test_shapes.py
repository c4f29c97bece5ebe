"""What G13 and G16 build on: if disorder loses a record, or growth is not seen, their green says nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.clocks import disordered
from tests.faults.mix import Piece
from tests.faults.observer import Growth, Sample, Standing, growth, judge


def _pieces(count: int) -> list[Piece]:
    return [Piece("survey", None, str(number).encode(), "response") for number in range(count)]


@given(st.integers(0, 900), st.integers(0, 9))
def test_disorder_keeps_every_piece_and_invents_none(count: int, seed: int) -> None:
    pieces = _pieces(count)
    times = Counter(disordered(pieces, random.Random(seed)))
    assert set(times) == set(pieces)
    assert set(times.values()) <= {1, 2}


def test_disorder_doubles_and_moves() -> None:
    """A feed in order would prove nothing about late events."""
    pieces = _pieces(2_000)
    shuffled = list(disordered(pieces, random.Random(1)))
    assert len(shuffled) > len(pieces)
    assert list(dict.fromkeys(shuffled)) != pieces


LINES = st.tuples(st.floats(-0.01, 0.5), st.floats(50, 500), st.integers(20, 200))


def _life(resident: Callable[[int], float], count: int, files: Callable[[int], int] = lambda _: 40) -> list[Sample]:
    return [Sample(100.0 + at, resident(at), files(at), 30) for at in range(count)]


@given(LINES)
def test_growth_is_that_of_the_line(line: tuple[float, float, int]) -> None:
    rise, start, count = line
    found = growth(_life(lambda at: start + rise * at, count))
    assert found.mebibytes == pytest.approx(rise * found.seconds, abs=1e-6)
    assert (found.files, found.threads) == (0, 0)


def test_warming_up_is_no_growth() -> None:
    """Caches and pools fill at first: a worker that stays where it then is does not grow."""
    assert growth(_life(lambda at: min(300.0, 100.0 + 20 * at), 100)).mebibytes == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_life_too_short_says_nothing_and_is_said_to(count: int) -> None:
    """A soak in which nothing was watched must not come out clean."""
    found = growth(_life(float, count))
    assert found == Growth()
    assert judge(found, [Standing(0, 0.0)], 100.0, 60.0) == ["no worker was watched for longer than 0 s"]


WELL = Growth(seconds=3_600.0, resident=400.0, mebibytes=100.0)
REST = [Standing(50, 0.4), Standing(90, 0.9)]


@pytest.mark.parametrize(
    ("grown", "calm", "said"),
    [
        (WELL, REST, []),
        (WELL._replace(mebibytes=900.0), REST, ["memory grew"]),
        (WELL._replace(files=9), REST, ["open files grew"]),
        (WELL._replace(threads=9), REST, ["threads grew"]),
        (WELL, [*REST, Standing(50, 21.0)], ["a record waits"]),
        (WELL, [*REST, Standing(2_001, 0.5)], ["records wait"]),
    ],
)
def test_each_way_to_grow_is_seen(grown: Growth, calm: list[Standing], said: list[str]) -> None:
    """At 100 events a second, an hour long."""
    found = judge(grown, calm, 100.0, 3_600.0)
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))
