"""The response: submitted, corrected, deleted, tagged, followed up; and the accumulator of what it says now."""

from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    Answer,
    FollowupLogged,
    ResponseCorrected,
    ResponseDeleted,
    ResponseEvent,
    ResponseSubmitted,
    ResponseTagged,
)
from streams.core.outputs import Outputs, Scope
from streams.core.rows_survey import FollowupRow
from streams.core.survey.scores import DETRACTOR_TO, nps_of


class Last(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The active event that is last in fold order, as far as rows name it. Times are microseconds."""

    account_id: str
    response_id: str
    source: str
    event_id: str
    occurred_at: int
    ingested_at: int


class Response(msgspec.Struct, array_like=True, gc=False):
    """A response as its active events say.

    `is_detractor` is about the score as it stands, `was_detractor` is the last submission that had such a score;
    `waits_by` names the submission that made it a detractor, empty while it is none. `contacted_at` and `closed_at` are
    the first follow-up and the first one that closed the case (microseconds, None without one).
    """

    is_test: bool = False
    last: Last | None = None
    submitted: ResponseSubmitted | None = None
    answers: tuple[Answer, ...] = ()
    deleted: bool = False
    corrections: int = 0
    was_detractor: ResponseSubmitted | None = None
    detractor_score: float = 0.0
    waits_by: str = ""
    tagged: ResponseTagged | None = None
    contacted_at: int | None = None
    closed_at: int | None = None
    nps: float | None = None
    is_detractor: bool = False

    @property
    def counts(self) -> bool:
        return self.submitted is not None and not self.deleted


def part_of(recorded: RecordedEvent) -> str:
    """Name the follow-up that an event states as a whole."""
    event = recorded.event
    return event.followup_id if isinstance(event, FollowupLogged) else ""


def apply(response: Response, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Let an event say more of the response; the row of a follow-up is sealed."""
    event: ResponseEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    response.last = Last(
        event.account_id, event.response_id, event.source, event.event_id, event.occurred_at, recorded.ingested_at
    )
    match event:
        case ResponseSubmitted():
            _submit(response, event)
        case ResponseCorrected():
            _replace(response, event.answers)
        case ResponseDeleted():
            response.deleted = True
            _scored(response, None)
        case ResponseTagged():
            response.tagged = event
        case FollowupLogged():
            response.contacted_at = _earlier(response.contacted_at, event.occurred_at)
            if event.closed:
                response.closed_at = _earlier(response.closed_at, event.occurred_at)
            if sealed is not None:
                sealed.rows.append(_followup(event, is_test=response.is_test))
        case _:
            assert_never(event)


def _earlier(known: int | None, at: int) -> int:
    return at if known is None else min(known, at)


def _followup(event: FollowupLogged, *, is_test: bool) -> FollowupRow:
    return FollowupRow(
        event.account_id,
        event.response_id,
        event.followup_id,
        event.kind,
        event.manager_id or "",
        event.outcome or "",
        event.closed,
        event.occurred_at,
        is_test,
    )


def _submit(response: Response, event: ResponseSubmitted) -> None:
    """A submission states the whole response anew; it corrects only what a finished one had said."""
    before = response.submitted
    if before is not None and (before.finished or response.deleted):
        response.corrections += 1
    response.submitted, response.deleted, response.answers = event, False, event.answers
    _scored(response, nps_of(event.answers))


def _replace(response: Response, answers: tuple[Answer, ...]) -> None:
    response.corrections += 1
    response.answers = answers
    _scored(response, nps_of(answers) if response.counts else None)


def _scored(response: Response, score: float | None) -> None:
    """Take the score over; one that makes a detractor is remembered even when a later one undoes it."""
    response.nps = score
    was_detractor = response.is_detractor
    response.is_detractor = score is not None and score <= DETRACTOR_TO
    if not response.is_detractor:
        response.waits_by = ""
        return
    assert score is not None
    if not was_detractor and response.submitted is not None:
        response.waits_by = response.submitted.event_id
    response.was_detractor, response.detractor_score = response.submitted, score
