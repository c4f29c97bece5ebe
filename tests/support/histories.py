"""Hypothesis strategies: short histories of a few survey entities, rich in corrections, ties and gaps."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    Answer,
    Event,
    FollowupLogged,
    InvitationBounced,
    InvitationDelivered,
    InvitationOpened,
    InvitationSent,
    ManagerAssigned,
    ResponseCorrected,
    ResponseDeleted,
    ResponseSubmitted,
    ResponseTagged,
    SurveyDefined,
    SurveyDisplayed,
    Topic,
)

HOUR = 3_600_000_000
START = 1_700_000_000_000_000

times = st.integers(0, 30 * 24).map(lambda hours: START + hours * HOUR)
answers = st.builds(
    lambda nps, csat, text: tuple(
        answer
        for answer in (
            Answer(question_id="q1", kind="NPS", number=nps),
            Answer(question_id="q2", kind="CSAT", number=csat),
            Answer(question_id="q3", kind="TEXT", text=text),
        )
        if answer.number is not None or answer.text is not None
    ),
    st.none() | st.integers(0, 10).map(float),
    st.none() | st.integers(1, 5).map(float),
    st.none() | st.sampled_from(["", " ", "slow", "kind people"]),
)


ENVELOPE: dict[str, Any] = {
    "event_id": st.just(""),
    "account_id": st.just("acme"),
    "occurred_at": times,
    "source": st.sampled_from(["ovey:main", "editor:main"]),
    "entity_version": st.none() | st.integers(0, 3) | st.sampled_from([-(2**63), -2, -1, 2**63 - 1]),
    "is_test": st.sampled_from([False, False, False, True]),
}
_RESPONSE: dict[str, Any] = ENVELOPE | {"response_id": st.sampled_from(["r1", "r2"])}
_INVITATION: dict[str, Any] = ENVELOPE | {"invitation_id": st.sampled_from(["i1", "i2"])}
_TOPICS = st.sampled_from([(), ("price",), ("speed", "price")]).map(
    lambda ids: tuple(Topic(topic_id=each, sentiment="NEGATIVE") for each in ids)
)
# Built once: assembling strategies anew for every event would cost more than drawing from them.
submissions = st.builds(
    ResponseSubmitted,
    **_RESPONSE,
    survey_id=st.just("s1"),
    survey_version=st.just(1),
    invitation_id=st.sampled_from([None, "i1", "i2"]),
    display_id=st.sampled_from([None, "v1"]),
    contact_id=st.none() | st.just("c1"),
    submitted_at=times,
    finished=st.booleans(),
    answers=answers,
)
_ONE: dict[str, Any] = ENVELOPE | {"entity_version": st.none(), "is_test": st.just(False)}
answers_of_one = st.builds(
    ResponseSubmitted,
    **_ONE,
    response_id=st.just("r1"),
    survey_id=st.just("s1"),
    survey_version=st.just(1),
    invitation_id=st.sampled_from(["i1", "i2"]),
    display_id=st.just("v1"),
    contact_id=st.just("c1"),
    submitted_at=times,
    finished=st.booleans(),
    answers=answers,
)
tags_of_one = st.builds(
    ResponseTagged,
    **_ONE,
    response_id=st.just("r1"),
    topics=_TOPICS,
    taxonomy_version=st.just("t1"),
    tagger=st.just("rules"),
)
displays_of_one = st.builds(
    SurveyDisplayed,
    **(_ONE | {"is_test": st.booleans()}),
    display_id=st.just("v1"),
    survey_id=st.just("s1"),
)
"""Events of one response and one display, which meet in nearly every history."""
SURVEY: dict[type[Event], st.SearchStrategy[Any]] = {
    ResponseSubmitted: submissions,
    ResponseCorrected: st.builds(ResponseCorrected, **_RESPONSE, answers=answers),
    ResponseDeleted: st.builds(ResponseDeleted, **_RESPONSE),
    ResponseTagged: st.builds(
        ResponseTagged, **_RESPONSE, topics=_TOPICS, taxonomy_version=st.just("t1"), tagger=st.just("rules")
    ),
    FollowupLogged: st.builds(
        FollowupLogged,
        **_RESPONSE,
        followup_id=st.sampled_from(["f1", "f2"]),
        kind=st.just("call"),
        closed=st.booleans(),
    ),
    InvitationSent: st.builds(
        InvitationSent,
        **_INVITATION,
        survey_id=st.just("s1"),
        channel=st.just("email"),
        reminder_no=st.integers(0, 2),
    ),
    InvitationDelivered: st.builds(InvitationDelivered, **_INVITATION),
    InvitationBounced: st.builds(InvitationBounced, **_INVITATION),
    InvitationOpened: st.builds(InvitationOpened, **_INVITATION),
    SurveyDisplayed: st.builds(
        SurveyDisplayed, **ENVELOPE, display_id=st.sampled_from(["v1", "v2"]), survey_id=st.just("s1")
    ),
    SurveyDefined: st.builds(
        SurveyDefined, **ENVELOPE, survey_id=st.just("s1"), version=st.just(1), questions=st.just(())
    ),
    ManagerAssigned: st.builds(
        ManagerAssigned,
        **ENVELOPE,
        manager_id=st.sampled_from(["m1", "m2"]),
        role=st.just("OWNER"),
        valid_from=times,
    ),
}
"""A strategy for each event type of the survey topic, and for who looks after the account."""
_EVENTS: st.SearchStrategy[Event] = st.one_of(*SURVEY.values())


def _note(number: int, plan: tuple[Event, int | None, bool, int]) -> RecordedEvent:
    """An event with an id of its own; sometimes it corrects or retracts another one, known or not."""
    event, corrected, retracts, delay = plan
    corrects = None if corrected is None or corrected == number else _id(corrected)
    retracts = retracts and corrects is not None
    event = msgspec.structs.replace(event, event_id=_id(number), corrects_event_id=corrects, is_retraction=retracts)
    return RecordedEvent(event, event.occurred_at + delay * HOUR)


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def histories_of(events: st.SearchStrategy[Any], max_size: int) -> st.SearchStrategy[list[RecordedEvent]]:
    """Distinct events with the times at which they were stored, in the order in which they arrived."""
    plan = st.tuples(events, st.none() | st.integers(0, 9), st.booleans(), st.integers(0, 40 * 24))
    plans = st.lists(plan, min_size=1, max_size=max_size)
    return plans.map(lambda drawn: [_note(number, each) for number, each in enumerate(drawn)])


def histories(max_size: int = 9) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of survey events and of who looks after the account."""
    return histories_of(_EVENTS, max_size)
