"""Spans of a ticket's life: how it stood at the end of each moment, and for how long.

Only what holds once a moment is over counts: a status that lasted for no time leaves nothing.
"""

from typing import ClassVar

import msgspec

from streams.core.support.life import Standing


class Spans(msgspec.Struct, array_like=True, gc=False):
    """The spans that last, and the sum of those that have ended. Nothing is known before the opening.

    `at` is the moment that lasts: what happens in it may still change. `held` is how the ticket stood before it, None
    for the opening's own moment; `from_at` and `status_from` are since when that showed, and since when its status
    held. `lasted` is (calendar, business) time by status of what has ended. `is_told` says that something happens in
    this moment that policies which began before it take note of. `counted` is what the account's health has been told
    of the ticket (`streams.core.support.signs`), `turned_by` the event of this moment that changed that last.
    """

    SUMMED: ClassVar[frozenset[str]] = frozenset({"new", "open", "pending", "hold"})
    at: int = 0
    held: Standing | None = None
    from_at: int = 0
    status_from: int = 0
    lasted: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    is_told: bool = False
    counted: int = 0
    turned_by: str = ""


def shown(standing: Standing) -> tuple[str, str, str, str]:
    """Return what a span's row shows: those that only group or topic tell apart are one."""
    return standing.status, standing.custom_status, standing.assignee_id, standing.priority
