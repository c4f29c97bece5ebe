"""Changes of figures that had been published: from when on a first telling counts as one, and the row that tells it."""

import msgspec

from streams.core.algebra import Note
from streams.core.rows import RestatementRow

LATE_AFTER = 14 * 86_400_000_000
"""Microseconds: what is first noted later than this after it happened changes figures that were published as final."""


class Restated(msgspec.Struct, frozen=True, gc=False):
    """One contribution that changed: `old` or `new` is None where it did not or does not count.

    `item` is the part of the entity that changed, empty for the whole; `window_at` places the change in windows.
    """

    note: Note
    metric: str
    item: str
    window_at: int
    old: float | None
    new: float | None
    reason: str


def restatement(restated: Restated, kind: str, entity_id: str, *, is_test: bool) -> RestatementRow:
    """The row of a change, told by the event that caused it; `is_test` where event or entity is."""
    event = restated.note.event
    return RestatementRow(
        event.account_id,
        entity_id,
        event.event_id,
        restated.metric,
        restated.item,
        restated.window_at,
        kind,
        restated.old,
        restated.new,
        restated.reason,
        event.occurred_at,
        restated.note.ingested_at,
        is_test,
    )
