"""What a file says of each id: the same answer as a dictionary gives, in memory that does not grow with the file."""

import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.seen import Copies, Seen

_MADE = st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=3), max_size=8)
"""For each line its events: an id and a content."""


def _id(number: int) -> str:
    return str(UUID(int=number))


@given(_MADE)
def test_clashes_and_repeats_are_those_of_a_dictionary(made: list[list[tuple[int, int]]]) -> None:
    """Given any rows of any events, then ids with two contents, and rows that only repeat, are found as by hand."""
    contents: dict[int, set[int]] = {}
    firsts: dict[int, int] = {}
    with closing(Seen()) as seen:
        for line, events in enumerate(made, 2):
            for number, content in events:
                seen.add(_id(number), b"%d" % content, line)
                contents.setdefault(number, set()).add(content)
                firsts.setdefault(number, line)
        seen.settle()
        for line, events in enumerate(made, 2):
            for number, _ in events:
                assert bool(seen.clash(_id(number), line)) == (len(contents[number]) > 1)
        merged = [
            line
            for line, events in enumerate(made, 2)
            if events and all(len(contents[number]) == 1 and firsts[number] < line for number, _ in events)
        ]
        assert seen.merged == len(merged)
        assert seen.example[0] == (merged[0] if merged else 0)


@given(st.lists(st.tuples(st.text(max_size=2), st.text(max_size=2)), max_size=8))
def test_copies_count_equal_rows(rows: list[tuple[str, str]]) -> None:
    """Given any rows, then the n-th of equal ones has the number n, and cells do not run together."""
    counted: dict[tuple[str, str], int] = {}
    with closing(Copies()) as copies:
        for row in rows:
            counted[row] = counted.get(row, 0) + 1
            assert copies.number(dict(zip("AB", row, strict=True))) == counted[row]


def growth(rows: int) -> int:
    """By how many KiB so many rows, each with an id of its own, raise the peak memory of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with closing(Seen()) as seen:
        for number in range(rows):
            seen.add(_id(number * 0x9E3779B97F4A7C15 % 2**128), b"%d" % number, number + 2)
        seen.settle()
        assert seen.merged == 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


def test_memory_does_not_grow_with_the_file() -> None:
    """Given 200,000 rows, then memory grows by 48 MiB at most: the cache and what sorts, and nothing for each row."""
    code = "from tests.streams.ingest.test_seen import growth; print(growth(200_000))"
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 48 * 1024
