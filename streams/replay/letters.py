"""The bytes of dead letters: read where they were refused, or from their copy where retention has cut them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.replay.log import LogError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from streams.replay.log import Log, Place

_NEAR = 1_000
"""Offsets so close are read in one go: what lies between costs less than another seek."""

_CLOCKS_APART = 86_400_000_000
"""A copy is looked for from a day before the record's time on: brokers and workers have clocks of their own."""

Headers = list[tuple[str, bytes | None]]


class Refused(msgspec.Struct, frozen=True):
    """A refused record as it was, headers in order. `is_copy` says that the original is gone from its topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    is_copy: bool = False


def originals(log: Log, place: Place, offsets: Collection[int], low: int) -> Iterator[Refused]:
    """Yield the records at these offsets that the topic still holds, which it does from `low` on.

    Raises LogError where Kafka does not give one that it must have.
    """
    kept = sorted({offset for offset in offsets if offset >= low})
    for run in _runs(kept):
        wanted = set(run)
        for records in log.read(place, run[0], run[-1] + 1):
            for record in records:
                if record.offset() in wanted:
                    wanted.remove(record.offset())
                    yield _refused(record, place, record.offset(), record.timestamp()[1], _headers(record))
        if wanted:
            raise LogError(f"{place[0]}-{place[1]} has no record at offset {min(wanted)}: is this the right cluster?")


def _runs(offsets: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for offset in offsets:
        if run and offset - run[-1] > _NEAR:
            yield run
            run = []
        run.append(offset)
    if run:
        yield run


def copies(
    log: Log, topic: str, wanted: Collection[tuple[str, int, int]], since: int
) -> Iterator[tuple[Refused, dict[str, str]]]:
    """Yield the letters on the dead-letter topic for these places, with what their headers tell of the refusal.

    `since` is the time (microseconds) of the oldest of the records. A letter that was written twice comes once.
    """
    left = set(wanted)
    for place, held in sorted(log.bounds([topic]).items()):
        start = log.at(place, max(0, since - _CLOCKS_APART)) if left else None
        if start is None:
            continue
        for records in log.read(place, max(start, held.low), held.high):
            for record in records:
                told = history(_headers(record))
                where = _origin(told)
                if where in left:
                    left.remove(where)
                    own = [each for each in _headers(record) if not each[0].startswith("cx-")]
                    at = told.get("cx-timestamp-ms", "")
                    stored = int(at) if at.isdigit() else record.timestamp()[1]
                    yield _refused(record, where[:2], where[2], stored, own, is_copy=True), told
            if not left:
                break


def history(headers: Headers) -> dict[str, str]:
    """Return the headers that the product itself wrote, as text."""
    return {name: (value or b"").decode(errors="replace") for name, value in headers if name.startswith("cx-")}


def _origin(told: dict[str, str]) -> tuple[str, int, int]:
    """Return the place that a letter names; none that exists for a foreign record on the dead-letter topic."""
    partition, offset = told.get("cx-partition", ""), told.get("cx-offset", "")
    if not (partition.isdecimal() and offset.isdecimal()):
        return "", -1, -1
    return told.get("cx-topic", ""), int(partition), int(offset)


def _headers(record: Any) -> Headers:
    return list(record.headers() or ())


def _refused(
    record: Any, place: Place, offset: int, timestamp_ms: int, headers: Headers, *, is_copy: bool = False
) -> Refused:
    return Refused(*place, offset, timestamp_ms, record.key(), record.value(), headers, is_copy)
