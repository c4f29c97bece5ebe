"""Hypothesis strategies: short histories of what managers say of an account, and of what it uses."""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import Event, ManagerSentimentSet, UsageReported
from tests.support.histories import ENVELOPE, HOUR, START, histories_of, times

Strategy = st.SearchStrategy[Any]
_crowded = st.integers(0, 6).map(lambda hours: START + hours * HOUR)
_OFTEN: dict[str, Any] = ENVELOPE | {"occurred_at": times | _crowded}
RELATIONSHIP: dict[type[Event], Strategy] = {
    ManagerSentimentSet: st.builds(
        ManagerSentimentSet,
        **_OFTEN,
        sentiment_id=st.sampled_from(["j1", "j1", "j2"]),
        manager_id=st.sampled_from(["m1", "m2"]),
        sentiment=st.integers(-2, 2),
        note_present=st.booleans(),
        set_at=times | _crowded,
    ),
    UsageReported: st.builds(
        UsageReported,
        **_OFTEN,
        meter=st.sampled_from(["seats", "seats", "calls/hour"]),
        measured_at=st.integers(0, 2).map(lambda hours: START + hours * HOUR),
        value=st.floats(0, 1e15),
        limit=st.none() | st.floats(0, 1e15),
    ),
}
"""A strategy for each event type of the relationship."""


def relationship_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of a few judgements and moments of meters, stated again, corrected and taken back."""
    return histories_of(st.one_of(*RELATIONSHIP.values()), max_size)
