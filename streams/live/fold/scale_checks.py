"""Check answers against the scale of their survey's definition, as far as this partition has it."""

from streams.core.events import Event, ResponseCorrected, ResponseSubmitted
from streams.core.limits import Refusal
from streams.core.survey import definition
from streams.core.survey.definition import definition_key
from streams.core.survey.response_rows import RESPONSE
from streams.live.fold.batch import Batch

_Answering = ResponseSubmitted | ResponseCorrected


def off_scale(batch: Batch, event: Event) -> Refusal | None:
    """Return the reason to reject the event's answers, None if they fit or no scale is known."""
    if not isinstance(event, _Answering) or not definition.has_declared_scale(event.answers):
        return None
    submitted = (
        event
        if isinstance(event, ResponseSubmitted)
        else batch.machine.entity(RESPONSE.key(event)).accumulator().submitted
    )
    if submitted is None:
        return None
    key = definition_key(event.account_id, submitted.survey_id, submitted.survey_version)
    newest = batch.machine.entity(key).accumulator().event
    in_force = None if newest is None else newest.event
    wrong = definition.off_scale(in_force, event.answers) if in_force is not None else None
    if wrong is None:
        return None
    return "score_out_of_scale", f"{wrong.number:g} is outside the scale of {wrong.question_id[:64]!r}"
