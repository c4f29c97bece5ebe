"""Signals to senders about rejected records: one per source, reason, topic and hour, however many records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.algebra import Signal, derived_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.live.fold.batch import Batch, DeadLetter

REJECTED = "events_rejected"
"""Kind of the signals. `subject_id`, and `source` of the detail, name the sender, so that receivers can route by it."""
KEY = "rejected"
"""Their Kafka key: one for all, so that one worker tells which have been delivered."""
_HOUR_MS = 3_600_000
_MOST = 16
"""Signals of one batch: sources are texts from outside, and a broken sender may name itself anew each time."""


def rejected(batch: Batch) -> Sequence[Signal]:
    """Return the signals of a batch's dead letters; the same source, reason, topic and hour give the same id again."""
    first: dict[tuple[str, str, int], DeadLetter] = {}
    for letter in batch.dead:
        first.setdefault((letter.envelope.source, letter.reason, letter.timestamp_ms // _HOUR_MS), letter)
    return [_signal(letter) for letter in list(first.values())[:_MOST]]


def _signal(letter: DeadLetter) -> Signal:
    source, hour = letter.envelope.source, letter.timestamp_ms // _HOUR_MS
    detail = {
        "source": source,
        "reason": letter.reason,
        "topic": letter.topic,
        "event_type": letter.envelope.event_type,
        "event_id": letter.envelope.event_id,
        "record": f"{letter.topic}-{letter.partition}@{letter.offset}",
    }
    identity = derived_id(f"{letter.topic}/{letter.reason}/{source}", REJECTED, hour)
    return Signal(identity, REJECTED, KEY, source, letter.timestamp_ms * 1000, detail)
