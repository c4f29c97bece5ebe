"""Rules for feedback events beyond their types.

Only what one event says is judged here. What several say of each other (a link to an item that nobody opened, a ring of
merges, a notice before the item shipped) depends on which came first, so those are taken in, and views list them.
"""

from typing import assert_never

from streams.core.events import (
    FeedbackItemEvent,
    FeedbackItemLinked,
    FeedbackItemMerged,
    FeedbackItemOpened,
    FeedbackItemStateChanged,
    FeedbackLinkEvent,
    FeedbackNoticeEvent,
    ReporterNotified,
)
from streams.core.limits import AHEAD, Refusal, unfit_moment, unprintable

FeedbackEvent = FeedbackItemEvent | FeedbackLinkEvent | FeedbackNoticeEvent


def content(event: FeedbackEvent, ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None."""
    match event:
        case FeedbackItemOpened():
            return unprintable(title=event.title)
        case FeedbackItemStateChanged():
            return _state(event.state)
        case FeedbackItemMerged():
            if event.target_item_id == event.item_id:
                return "invalid_field", "an item cannot be merged into itself"
            return None
        case FeedbackItemLinked():
            if event.asked_at is not None and event.asked_at > ingested_at + AHEAD:
                return "occurred_in_future", "asked_at is more than a day after the record was stored"
            return unfit_moment("asked_at", event.asked_at)
        case ReporterNotified():
            return _state(event.state) or unprintable(channel=event.channel)
        case _:
            assert_never(event)


def _state(state: str) -> Refusal | None:
    if state != "UNKNOWN":
        return None
    return "invalid_field", "state must be NEW, TRIAGED, PLANNED, IN_PROGRESS, SHIPPED or DECLINED"
