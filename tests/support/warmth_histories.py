"""Hypothesis strategies: what survey, support and billing say of one account, in one order of arrival."""

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from tests.support.histories import histories, histories_of, submissions
from tests.support.histories_billing import INVOICES, billing_histories
from tests.support.histories_support import support_histories


def mixed_histories() -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of three topics in any order, some events twice."""
    return (
        st.tuples(histories(5) | histories_of(submissions, 5), support_histories(5), billing_histories(INVOICES, 4))
        .map(lambda worlds: [_of_world(each, number) for number, world in enumerate(worlds) for each in world])
        .flatmap(lambda events: st.permutations([*events, *events[:2]]))
    )


def _of_world(recorded: RecordedEvent, number: int) -> RecordedEvent:
    """Return an event with ids that no other world has."""
    event = recorded.event
    corrects = None if event.corrects_event_id is None else _named(event.corrects_event_id, number)
    named = msgspec.structs.replace(event, event_id=_named(event.event_id, number), corrects_event_id=corrects)
    return msgspec.structs.replace(recorded, event=named)


def _named(event_id: str, number: int) -> str:
    return f"{number}{event_id[1:]}"
