"""The live board counts each new response and dead letter once, whatever comes again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rows_survey import ResponseRow
from streams.live.fold.batch import Batch, DeadLetter
from streams.live.worker.live_board import COLUMNS, MINUTE, MINUTES, Counts, Minute, board, counted, tally

NOW = 1_000_000 * MINUTE


def response(**changes: object) -> tuple[object, ...]:
    """Return a row of the response table as the core makes it, version and is_deleted included."""
    values: dict[str, object] = dict.fromkeys(ResponseRow.__struct_fields__, "")
    values |= {"status": "submitted", "nps": 9.0, "corrections": 0, "is_test": False, "ingested_at": NOW}
    deleted = changes.pop("is_deleted", 0)
    return (*(values | changes).values(), 1, deleted)


def batch_of(*rows: tuple[object, ...], offset: int | None = 7, dead: int = 0) -> Batch:
    batch = Batch("cx.survey", 2, next_offset=offset)
    batch.rows[ResponseRow.TABLE] = list(rows)
    letter = DeadLetter("cx.survey", 2, 1, NOW // 1000, None, None, None, "malformed", "")
    batch.dead = [letter] * dead
    return batch


def counts_of(*batches: Batch) -> dict[str, int]:
    table: dict[int, Counts] = {}
    for batch in batches:
        for signal in tally(batch):
            table[signal.at] = counted(table.get(signal.at), signal)
    return board(table, NOW)[0].counts if table else dict.fromkeys(COLUMNS, 0)


@pytest.mark.parametrize(
    ("row", "adds"),
    [
        (response(nps=9.0), (1, 1, 0, 0)),
        (response(nps=10.0), (1, 1, 0, 0)),
        (response(nps=8.0), (1, 0, 1, 0)),
        (response(nps=7.0), (1, 0, 1, 0)),
        (response(nps=6.0), (1, 0, 0, 1)),
        (response(nps=0.0), (1, 0, 0, 1)),
        (response(nps=None), (1, 0, 0, 0)),
        (response(corrections=1), (0, 0, 0, 0)),
        (response(is_test=True), (0, 0, 0, 0)),
        (response(status="incomplete"), (0, 0, 0, 0)),
        (response(is_deleted=1), (0, 0, 0, 0)),
    ],
)
def test_what_a_row_adds_to_the_board(row: tuple[object, ...], adds: tuple[int, ...]) -> None:
    """Each row has its reason: the scale's edges, no NPS answer, and what is not a new response."""
    assert tuple(counts_of(batch_of(row)).values()) == (*adds, 0)


def test_dead_letters_are_counted_too() -> None:
    """They are what an on-call engineer looks for first."""
    assert counts_of(batch_of(dead=3))["dead_letters"] == 3


@given(st.lists(st.integers(0, 5), max_size=12))
def test_tallies_that_come_again_change_nothing(rewinds: list[int]) -> None:
    """Faust delivers at least once: after a crash it reads a stretch of the topic again before it goes on."""
    reached = 0
    counts: Counts = {}
    for back in rewinds:
        for offset in range(max(0, reached - back), reached + 1):
            counts = counted(counts, tally(batch_of(response(), offset=offset))[0])
        reached += 1
    assert board({NOW: counts}, NOW)[0].counts["responses"] == reached


def test_partitions_add_up_and_do_not_hide_each_other() -> None:
    """Offsets are compared within one source partition alone."""
    other = msgspec.structs.replace(batch_of(response(), offset=3), partition=1)
    assert counts_of(batch_of(response(), offset=7), other)["responses"] == 2


def test_passing_time_alone_says_nothing() -> None:
    """A tick's rows are old responses; its batch has no offset to count them by."""
    assert list(tally(batch_of(response(), offset=None))) == []


def test_the_board_ends_an_hour_ago() -> None:
    """What is older has left it, to the minute."""
    counts: Counts = {"cx.survey/0": [1, 1, 0, 0, 0, 0]}
    table = {NOW - n * MINUTE: counts for n in range(MINUTES + 5)}
    shown = board(table, NOW)
    assert [minute.at for minute in shown] == [NOW - n * MINUTE for n in reversed(range(MINUTES))]
    assert shown[0] == Minute(shown[0].at, dict.fromkeys(COLUMNS, 0) | {"responses": 1})
