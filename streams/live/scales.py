"""Whether an answer leaves the scale that its survey's definition, as far as this partition knows it, declares."""

from collections.abc import Callable

from streams.core.events import Event, ResponseCorrected, ResponseSubmitted
from streams.core.limits import Refusal
from streams.core.reducer import State
from streams.core.routes import RESPONSE, definition_key
from streams.core.survey import definition
from streams.live.batch import Batch

StateOf = Callable[[Batch, bytes], State | None]
_Answering = ResponseSubmitted | ResponseCorrected


def off_scale(batch: Batch, event: Event, state_of: StateOf) -> Refusal | None:
    """Why the event's answers cannot be taken, None if they can or no scale is known. `state_of` reads by key."""
    if not isinstance(event, _Answering) or not definition.has_declared_scale(event.answers):
        return None
    submitted = event if isinstance(event, ResponseSubmitted) else _submission(state_of(batch, RESPONSE.key(event)))
    if submitted is None:
        return None
    key = definition_key(event.account_id, submitted.survey_id, submitted.survey_version)
    newest = batch.machine.entity(key).accumulator().event
    in_force = None if newest is None else newest.event
    wrong = definition.off_scale(in_force, event.answers) if in_force is not None else None
    if wrong is None:
        return None
    return "score_out_of_scale", f"{wrong.number:g} is outside the scale of {wrong.question_id[:64]!r}"


def _submission(state: State | None) -> ResponseSubmitted | None:
    notes = state.notes if state is not None else ()
    found = (note.event for note in reversed(notes) if isinstance(note.event, ResponseSubmitted))
    return next(found, None)
