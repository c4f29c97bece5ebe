"""What G13 builds on: if disorder loses a record, its green says nothing."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.clocks import disordered
from tests.faults.mix import Piece


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
