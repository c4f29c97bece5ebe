"""Hypothesis strategies: short histories of merges of one account and of its names in other systems."""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import AccountLinked, AccountMerged, AccountUnlinked, AccountUnmerged, Event
from tests.support.histories import ENVELOPE, HOUR, START, histories_of

_CROWDED = st.integers(0, 6).map(lambda hours: START + hours * HOUR)
_ENVELOPE: dict[str, Any] = ENVELOPE | {"occurred_at": _CROWDED}
_SURVIVOR: dict[str, Any] = _ENVELOPE | {"survivor_id": st.sampled_from(["birch", "birch", "cedar"])}
_NAME: dict[str, Any] = _ENVELOPE | {"system": st.just("crm:main"), "external_id": st.sampled_from(["7", "8"])}
IDENTITY: dict[type[Event], st.SearchStrategy[Any]] = {
    AccountMerged: st.builds(AccountMerged, **_SURVIVOR),
    AccountUnmerged: st.builds(AccountUnmerged, **_SURVIVOR),
    AccountLinked: st.builds(AccountLinked, **_NAME),
    AccountUnlinked: st.builds(AccountUnlinked, **_NAME),
}
"""A strategy for each event type of account identity."""
_EVENTS = st.one_of(*IDENTITY.values(), IDENTITY[AccountMerged], IDENTITY[AccountUnmerged])


def identity_histories(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of the merges of one account into two others, and of two names."""
    return histories_of(_EVENTS, max_size)
