"""The response: submitted, corrected, deleted, tagged, followed up; and the fold that gives what it says now."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note
from streams.core.events import (
    Answer,
    FollowupLogged,
    ResponseCorrected,
    ResponseDeleted,
    ResponseSubmitted,
    ResponseTagged,
)
from streams.core.survey.scores import DETRACTOR_TO, nps_of

ResponseEvent = ResponseSubmitted | ResponseCorrected | ResponseDeleted | ResponseTagged | FollowupLogged


class Response(msgspec.Struct, gc=False):
    """A response as its standing events say. Local to one fold, so it may be filled step by step.

    `is_detractor` tells of the score as it stands, `was_detractor` the last submission that had such a score.
    """

    last: Note
    submitted: ResponseSubmitted | None = None
    answers: tuple[Answer, ...] = ()
    deleted: bool = False
    corrections: int = 0
    was_detractor: ResponseSubmitted | None = None
    detractor_score: float = 0.0
    tagged: ResponseTagged | None = None
    followups: dict[str, FollowupLogged] = {}
    nps: float | None = None
    is_detractor: bool = False

    @property
    def counts(self) -> bool:
        return self.submitted is not None and not self.deleted

    @property
    def is_test(self) -> bool:
        return self.last.event.is_test or (self.submitted is not None and self.submitted.is_test)


def fold(notes: Sequence[Note]) -> Response | None:
    """The response that the standing notes describe; None where every note was retracted."""
    if not notes:
        return None
    response = Response(last=notes[-1])
    for note in notes:
        _apply(response, note)
    return response


def _apply(response: Response, note: Note) -> None:
    event: ResponseEvent = note.event  # type: ignore[assignment] # routed here by its type
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
            response.followups[event.followup_id] = event
        case _:
            assert_never(event)


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
    response.is_detractor = score is not None and score <= DETRACTOR_TO
    if response.is_detractor:
        assert score is not None
        response.was_detractor, response.detractor_score = response.submitted, score
