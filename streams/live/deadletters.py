"""What a dead letter carries, and how many of them are an outage instead of bad records."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.live.batch import DeadLetter

ATTEMPT = "cx-attempt"
FIRST_SEEN = "cx-first-seen"
REDRIVEN_FROM = "cx-redriven-from"
"""Where the letter stands that a record was sent again for: topic-partition@offset."""
_CODE_VERSION = version("cxledger").encode()
_FRAME = 10  # bytes that name the writer schema in either frame


class DeadLetterLimit(msgspec.Struct, frozen=True):
    """Per partition: `run` bad records in a row, or more than `share` of the last `window` records, stop the worker."""

    run: int = 1_000
    share: float = 0.5
    window: int = 4_000


class DeadLetterCount(msgspec.Struct, frozen=True, array_like=True):
    """How a partition stands against the limit. Committed with the offsets, so that a restart does not forgive."""

    run: int = 0
    seen: int = 0
    bad: int = 0


def count(limit: DeadLetterLimit, before: DeadLetterCount, records: int, bad: Sequence[bool] = ()) -> DeadLetterCount:
    """Count a micro-batch of `records` in; `bad` says of each whether it is bad, and is empty when none is.

    Raises EngineStopped where the limit is passed: the batch must not be committed then. The share is judged whenever
    a window's worth of records has been seen; a share of 1 judges none, and forgets. What a higher limit than this one
    has let through was judged by whoever raised it: counting begins anew.
    """
    known = before.run if before.run < limit.run else 0
    run = known if bad or not records else 0
    for is_bad in bad:
        run = run + 1 if is_bad else 0
        if run >= limit.run:
            raise EngineStopped("dead-letter limit", f"{run} bad records in a row")
    seen, total = before.seen + records, before.bad + sum(bad)
    if limit.share >= 1:
        return DeadLetterCount(run)
    if seen < limit.window:
        return DeadLetterCount(run, seen, total)
    if total > limit.share * seen:
        raise EngineStopped("dead-letter limit", f"{total} of the last {seen} records are bad")
    return DeadLetterCount(run, 0, 0)


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
