"""The content of a dead letter, and the limit beyond which they are an outage instead of bad records."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from streams.live.errors import LIMIT, EngineStopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.live.fold.batch import DeadLetter

ATTEMPT = "cx-attempt"
FIRST_SEEN = "cx-first-seen"
REDRIVEN_FROM = "cx-redriven-from"
"""Where the letter stands that a record was sent again for: topic-partition@offset."""
_CODE_VERSION = version("cxledger").encode()
_FRAME = 10  # bytes that name the writer schema in either frame
_SHOWN_KEY = 64
_SOURCES = 16
"""As many sources of bad records are told apart in a window."""


class DeadLetterLimit(msgspec.Struct, frozen=True):
    """Per partition: `run` bad records in a row, or more than `share` of the last `window` records, stop the worker.

    One source that can be read, and that alone passes either, does not while others have good records: see `count`.
    """

    run: int = 1_000
    share: float = 0.5
    window: int = 4_000


class DeadLetterCount(msgspec.Struct, frozen=True, array_like=True):
    """Dead letters of a partition against the limit. Committed with the offsets: a restart resets nothing.

    `sources` are the bad records of the window by source, of those that have one; `alone` is the only source of the run
    under way, empty where it has none or several; `before` whether the window before this one had good records.
    """

    run: int = 0
    seen: int = 0
    bad: int = 0
    sources: dict[str, int] = {}
    alone: str = ""
    before: bool = False


class Counted(msgspec.Struct, frozen=True):
    """A count after a batch; `flood` is the source that alone passed the limit in it, empty where none did."""

    standing: DeadLetterCount
    flood: str = ""


class LimitPassedError(EngineStopped):
    """Too many bad records; `at` is which of the batch's records passed the limit, counted from 0."""

    def __init__(self, detail: str, at: int) -> None:
        super().__init__(LIMIT, detail)
        self.at = at


def count(limit: DeadLetterLimit, before: DeadLetterCount, records: int, bad: Sequence[str | None] = ()) -> Counted:
    """Count a micro-batch of `records` in.

    `bad` has the source of each that is bad, empty where it cannot be read, and None for a good one; it is empty when
    all are good. Raises LimitPassedError where the limit is passed: the batch must not be committed then. The share is
    judged whenever a window's worth of records has been seen; a share of 1 judges none, and forgets. What a higher
    limit than this one has let through was judged by whoever raised it: counting begins anew.

    A single sender that floods a partition is no outage of everybody's. So a run that is all of one source passes as
    long as the window, or the one before, has good records; and a share passes if it is within the limit without the
    source that has most bad records. Where nothing is good, no source can be read, or several flood, the worker stops.
    """
    tally = _Tally(limit, before)
    for at, source in enumerate(bad):
        tally.add(at, source)
    if not bad and records:
        tally.good(records)
    return tally.closed(records)


class _Tally:
    """The running sums of one call of `count`."""

    def __init__(self, limit: DeadLetterLimit, before: DeadLetterCount) -> None:
        self._limit, self._before = limit, before.before
        self._run = before.run if before.run < limit.run else 0
        self._seen, self._bad, self._alone = before.seen, before.bad, before.alone
        self._sources = dict(before.sources)
        self._flood = ""
        self._last = 0

    def good(self, records: int) -> None:
        self._seen += records
        self._run, self._alone = 0, ""

    def add(self, at: int, source: str | None) -> None:
        if source is None:
            self.good(1)
            return
        self._seen += 1
        self._bad += 1
        self._last = at
        self._alone = source if not self._run or self._alone == source else ""
        self._run += 1
        if source:
            self._note(source)
        if self._run >= self._limit.run:
            if not self._alone or not self._has_good():
                raise LimitPassedError(f"{self._run:,} bad records in a row", at)
            self._flood, self._run = self._alone, 0

    def _has_good(self) -> bool:
        return self._seen > self._bad or self._before

    def _note(self, source: str) -> None:
        """Count a source. Only the most frequent are kept, for sources come from outside (Misra and Gries 1982)."""
        if source in self._sources or len(self._sources) < _SOURCES:
            self._sources[source] = self._sources.get(source, 0) + 1
        else:
            self._sources = {name: n - 1 for name, n in self._sources.items() if n > 1}

    def closed(self, records: int) -> Counted:
        has_good = self._has_good()
        if self._limit.share >= 1:
            return Counted(DeadLetterCount(self._run, alone=self._alone, before=has_good), self._flood)
        if self._seen < self._limit.window:
            standing = DeadLetterCount(self._run, self._seen, self._bad, self._sources, self._alone, self._before)
            return Counted(standing, self._flood)
        if self._bad > self._limit.share * self._seen:
            self._flood = self._alone_above_share(min(self._last, max(0, records - 1)))
        return Counted(DeadLetterCount(self._run, alone=self._alone, before=self._seen > self._bad), self._flood)

    def _alone_above_share(self, at: int) -> str:
        """Return the source without which the window is within the limit. Raises LimitPassedError if there is none."""
        most, source = max(((n, name) for name, n in self._sources.items()), default=(0, ""))
        seen, bad = self._seen - most, self._bad - most
        if not most or bad >= seen or bad > self._limit.share * seen:
            raise LimitPassedError(f"{self._bad:,} of the last {self._seen:,} records are bad", at)
        return source


def stopped(passed: LimitPassedError, letter: DeadLetter | None) -> EngineStopped:
    """Return what the worker ends with: the limit, and the record that passed it, None if it was refused earlier."""
    if letter is None:
        return EngineStopped(LIMIT, f"{passed.detail}; `cx dead-letters list` names them")
    source = letter.envelope.source
    sender = f"from {source!r}" if source else "its source cannot be read"
    where = f"{letter.topic}-{letter.partition}@{letter.offset}"
    key = "no key" if letter.key is None else f"key {letter.key[:_SHOWN_KEY]!r}"
    return EngineStopped(
        LIMIT, f"{passed.detail}, the last is {where} ({key}, {sender}), refused as {letter.reason}: {letter.detail}"
    )


def headers(letter: DeadLetter, now: int) -> list[tuple[str, bytes]]:
    """Return origin, reason and history as headers, those of the record itself first. `now` in microseconds.

    A record that comes back after a redrive keeps its first sighting and counts its attempts, and says whence it came.
    """
    own = [(name, value or b"") for name, value in letter.headers or () if not name.startswith("cx-")]
    known = {name: value for name, value in letter.headers or () if name.startswith("cx-")}
    seen = str(now).encode()
    attempt = known.get(ATTEMPT, b"0")
    whence = [(REDRIVEN_FROM, known[REDRIVEN_FROM] or b"")] if REDRIVEN_FROM in known else []
    return [
        *own,
        ("cx-topic", letter.topic.encode()),
        ("cx-partition", str(letter.partition).encode()),
        ("cx-offset", str(letter.offset).encode()),
        ("cx-timestamp-ms", str(letter.timestamp_ms).encode()),
        ("cx-schema", (letter.value or b"")[:_FRAME].hex().encode()),
        ("cx-reason", letter.reason.encode()),
        ("cx-detail", letter.detail.encode()),
        ("cx-source", letter.envelope.source.encode()),
        ("cx-event-type", letter.envelope.event_type.encode()),
        ("cx-event-id", letter.envelope.event_id.encode()),
        ("cx-code-version", _CODE_VERSION),
        (FIRST_SEEN, known.get(FIRST_SEEN, seen)),
        ("cx-last-seen", seen),
        (ATTEMPT, str(int(attempt) + 1 if attempt.isdigit() else 1).encode()),
        *whence,
    ]


def redriven(
    carried: Sequence[tuple[str, bytes | None]], whence: str, first_seen: int
) -> list[tuple[str, bytes | None]]:
    """Return the headers under which a refused record is sent again: its own, its history, and `whence` it came.

    `first_seen` in microseconds holds for a record that has no history yet.
    """
    own = [(name, value) for name, value in carried if not name.startswith("cx-")]
    known = {name: value or b"" for name, value in carried if name.startswith("cx-")}
    attempt = known.get(ATTEMPT, b"0")
    return [
        *own,
        (FIRST_SEEN, known.get(FIRST_SEEN, str(first_seen).encode())),
        (ATTEMPT, str(int(attempt) + 1 if attempt.isdigit() else 1).encode()),
        (REDRIVEN_FROM, whence.encode()),
    ]
