"""Hypothesis strategies: short histories of feedback items, of who asks for them and of who is told."""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    Event,
    FeedbackItemLinked,
    FeedbackItemMerged,
    FeedbackItemOpened,
    FeedbackItemStateChanged,
    ReporterNotified,
)
from tests.support.histories import ENVELOPE, HOUR, START, histories_of

STATES = st.sampled_from(["NEW", "TRIAGED", "PLANNED", "IN_PROGRESS", "SHIPPED", "DECLINED"])
_CROWDED = st.integers(0, 6).map(lambda hours: START + hours * HOUR)
_ENVELOPE: dict[str, Any] = ENVELOPE | {"occurred_at": _CROWDED}
_ITEM: dict[str, Any] = _ENVELOPE | {"item_id": st.sampled_from(["w1", "w1", "w2"])}
FEEDBACK: dict[type[Event], st.SearchStrategy[Any]] = {
    FeedbackItemOpened: st.builds(
        FeedbackItemOpened, **_ITEM, title=st.sampled_from(["Export", "Exports"]), topic_id=st.none() | st.just("api")
    ),
    FeedbackItemStateChanged: st.builds(FeedbackItemStateChanged, **_ITEM, state=STATES),
    FeedbackItemMerged: st.builds(FeedbackItemMerged, **_ITEM, target_item_id=st.sampled_from(["w8", "w9"])),
    FeedbackItemLinked: st.builds(
        FeedbackItemLinked,
        **_ITEM,
        link_id=st.sampled_from(["k1", "k2"]),
        response_id=st.none() | st.just("r1"),
        ticket_id=st.none() | st.just("t1"),
        contact_id=st.none() | st.just("c1"),
        has_quote=st.booleans(),
        asked_at=st.none() | _CROWDED,
    ),
    ReporterNotified: st.builds(
        ReporterNotified,
        **_ITEM,
        notice_id=st.sampled_from(["n1", "n2"]),
        state=STATES,
        channel=st.none() | st.just("email"),
    ),
}
"""A strategy for each event type of feedback."""
_OFTEN = (FeedbackItemOpened, FeedbackItemStateChanged, FeedbackItemStateChanged)
_EVENTS = st.one_of(*FEEDBACK.values(), *(FEEDBACK[kind] for kind in _OFTEN))


def feedback_histories(max_size: int = 9) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of two items, two requests and two notices."""
    return histories_of(_EVENTS, max_size)
