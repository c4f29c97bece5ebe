"""The live board: the last hour by minute, from tallies that the engine sends along with each batch."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from streams.core.algebra import Signal, derived_id
from streams.core.rows_survey import ResponseRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.live.fold.batch import Batch

TALLY = "tally"
"""Kind of the signals that feed the board. They are not delivered to anybody."""

BOARD_KEY = "board"
"""Their Kafka key: one for all, so that one worker holds the whole board and order is kept."""

MINUTE = 60_000_000
MINUTES = 60
PROMOTER_FROM, DETRACTOR_TO = 9, 6  # of 0-10 (Reichheld 2003)
COLUMNS = ("responses", "promoters", "passives", "detractors", "dead_letters")

_FIELDS = ResponseRow.__struct_fields__
_STATUS, _NPS, _CORRECTIONS, _TEST, _INGESTED = (
    _FIELDS.index(name) for name in ("status", "nps", "corrections", "is_test", "ingested_at")
)

# Source ("topic/partition") -> the offset counted up to, then the columns.
Counts = dict[str, list[int]]


class Minute(msgspec.Struct, frozen=True):
    """One minute of the board: its start in microseconds since 1970 (UTC), and the columns' sums."""

    at: int
    counts: dict[str, int]


def tally(batch: Batch) -> Sequence[Signal]:
    """Return one signal per minute in which a batch's records were stored, none where there is nothing to count.

    New responses count once, by their first row; corrections and test responses do not move the board.
    """
    if batch.next_offset is None:
        return ()
    minutes: dict[int, list[int]] = defaultdict(lambda: [0] * len(COLUMNS))
    for row in batch.rows.get(ResponseRow.TABLE, ()):
        if row[_STATUS] == "submitted" and not row[_CORRECTIONS] and not row[_TEST] and not row[-1]:
            _count_response(minutes[row[_INGESTED] // MINUTE], row[_NPS])
    for letter in batch.dead:
        minutes[letter.timestamp_ms * 1000 // MINUTE][-1] += 1
    source = f"{batch.topic}/{batch.partition}"
    return [_signal(source, batch.next_offset, *each) for each in sorted(minutes.items())]


def _count_response(counts: list[int], nps: float | None) -> None:
    counts[0] += 1
    if nps is not None:
        counts[1 if nps >= PROMOTER_FROM else 3 if nps <= DETRACTOR_TO else 2] += 1


def _signal(source: str, offset: int, minute: int, counts: list[int]) -> Signal:
    detail = {"offset": str(offset)} | {name: str(n) for name, n in zip(COLUMNS, counts, strict=True)}
    identity = derived_id(f"{source}/{offset}", TALLY, minute)
    return Signal(identity, TALLY, BOARD_KEY, source, minute * MINUTE, detail)


def counted(before: Counts | None, signal: Signal) -> Counts:
    """Return a minute's counts with one tally more. A tally that comes again changes nothing: offsets only grow."""
    counts = dict(before or {})
    offset, *new = (int(signal.detail[name]) for name in ("offset", *COLUMNS))
    last, *old = counts.get(signal.subject_id, [-1, *[0] * len(COLUMNS)])
    if offset > last:
        counts[signal.subject_id] = [offset, *map(sum, zip(old, new, strict=True))]
    return counts


def expired(minutes: Iterable[int], now: int) -> list[int]:
    """Return the minutes that have left the board; `now` in microseconds."""
    return [minute for minute in minutes if minute <= now - MINUTES * MINUTE]


def board(table: Mapping[int, Counts], now: int) -> list[Minute]:
    """Return the minutes of the last hour that hold something, oldest first."""
    gone = set(expired(table, now))
    return [
        Minute(at, {name: sum(c[i] for c in table[at].values()) for i, name in enumerate(COLUMNS, 1)})
        for at in sorted(set(table) - gone)
    ]
