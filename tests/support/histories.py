"""Hypothesis strategies: short histories of a few survey entities, rich in corrections, ties and gaps."""

from typing import Any

from hypothesis import strategies as st

from streams.core.algebra import Note
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


def _envelope(event_id: str) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "event_id": st.just(event_id),
        "account_id": st.just("acme"),
        "occurred_at": times,
        "source": st.sampled_from(["ovey:main", "editor:main"]),
        "entity_version": st.none() | st.integers(0, 3),
        "is_test": st.sampled_from([False, False, False, True]),
    }


def _correcting(event_id: str, earlier: list[str]) -> dict[str, st.SearchStrategy[Any]]:
    """Sometimes the event corrects or retracts another one, known or not."""
    fields = _envelope(event_id)
    if earlier:
        fields["corrects_event_id"] = st.none() | st.sampled_from([*earlier, "elsewhere"])
    return fields


def _kinds(event_id: str, earlier: list[str]) -> st.SearchStrategy[Event]:
    response = {"response_id": st.sampled_from(["r1", "r2"])}
    invitation = {"invitation_id": st.sampled_from(["i1", "i2"])}
    envelope = _correcting(event_id, earlier)
    return st.one_of(
        st.builds(
            ResponseSubmitted,
            **envelope,
            **response,
            survey_id=st.just("s1"),
            survey_version=st.just(1),
            contact_id=st.none() | st.just("c1"),
            submitted_at=times,
            finished=st.booleans(),
            answers=answers,
        ),
        st.builds(ResponseCorrected, **envelope, **response, answers=answers),
        st.builds(ResponseDeleted, **envelope, **response),
        st.builds(
            ResponseTagged,
            **envelope,
            **response,
            topics=st.lists(st.sampled_from(["price", "speed"]), unique=True).map(
                lambda ids: tuple(Topic(topic_id=each, sentiment="NEGATIVE") for each in ids)
            ),
            taxonomy_version=st.just("t1"),
            tagger=st.just("rules"),
        ),
        st.builds(
            FollowupLogged,
            **envelope,
            **response,
            followup_id=st.sampled_from(["f1", "f2"]),
            kind=st.just("call"),
            closed=st.booleans(),
        ),
        st.builds(
            InvitationSent,
            **envelope,
            **invitation,
            survey_id=st.just("s1"),
            channel=st.just("email"),
            reminder_no=st.integers(0, 2),
        ),
        st.builds(InvitationDelivered, **envelope, **invitation),
        st.builds(InvitationBounced, **envelope, **invitation),
        st.builds(InvitationOpened, **envelope, **invitation),
        st.builds(
            SurveyDefined, **envelope, survey_id=st.just("s1"), version=st.just(1), questions=st.just(()),
        ),
        st.builds(
            ManagerAssigned,
            **envelope,
            manager_id=st.sampled_from(["m1", "m2"]),
            role=st.just("OWNER"),
            valid_from=times,
        ),
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn, max_size: int = 9) -> list[Note]:
    """Distinct events with the times at which they were stored, in the order in which they arrived."""
    notes: list[Note] = []
    ids: list[str] = []
    for number in range(draw(st.integers(1, max_size))):
        event_id = f"00000000-0000-4000-8000-{number:012d}"
        event = draw(_kinds(event_id, ids))
        notes.append(Note(event, event.occurred_at + draw(st.integers(0, 40 * 24)) * HOUR))
        ids.append(event_id)
    return notes
