"""Survey definitions and displays; and whether an answer fits the scale that its definition declares."""

from collections.abc import Sequence

from streams.core.algebra import RecordedEvent
from streams.core.changes import ONE, Measures
from streams.core.events import Answer, Question, SurveyDefinitionEvent
from streams.core.newest import newest_of
from streams.core.rows_survey import SurveyQuestionRow
from streams.core.settings import joined


def rows(recorded: RecordedEvent) -> Sequence[SurveyQuestionRow]:
    """Return a row for each question of a definition."""
    defined: SurveyDefinitionEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return [
        SurveyQuestionRow(
            defined.survey_id,
            defined.version,
            defined.account_id,
            question.question_id,
            question.kind,
            question.text or "",
            defined.title or "",
            defined.relationship,
            question.scale_min,
            question.scale_max,
            question.positive_from,
            defined.occurred_at,
        )
        for question in defined.questions
    ]


def scale_name(survey_id: str, survey_version: int, question_id: str) -> str:
    """Return the name of a question's scale, the same for every account that answers it."""
    return joined(survey_id, survey_version, question_id)


def measures(recorded: RecordedEvent) -> Measures:
    """Return the scale of each question, so that it is known which was known when; no metric counts them."""
    defined: SurveyDefinitionEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return {
        ("scale", _declared(defined, question), defined.occurred_at, ""): (0, ONE, question.positive_from)
        for question in defined.questions
    }


def _declared(defined: SurveyDefinitionEvent, question: Question) -> str:
    """A scale's name and its lowest, highest and least positive answer, empty where not told."""
    told = (question.scale_min, question.scale_max, question.positive_from)
    name = scale_name(defined.survey_id, defined.version, question.question_id)
    return f"{name}={'/'.join('' if each is None else repr(each) for each in told)}"


def has_declared_scale(answers: Sequence[Answer]) -> bool:
    """Return whether a number stands on a scale that only the survey's definition tells (any but the NPS scale)."""
    for answer in answers:  # noqa: SIM110 - runs for every response; a generator costs three times the loop
        if answer.number is not None and answer.kind != "NPS":
            return True
    return False


def off_scale(defined: SurveyDefinitionEvent, answers: Sequence[Answer]) -> Answer | None:
    """The first numeric answer outside its question's declared scale, None when all fit or no scale is declared."""
    scales = {question.question_id: question for question in defined.questions}
    for answer in answers:
        scale = scales.get(answer.question_id)
        if answer.number is None or scale is None:
            continue
        low, high = scale.scale_min, scale.scale_max
        if (low is not None and answer.number < low) or (high is not None and answer.number > high):
            return answer
    return None


SURVEY_DEFINITION = newest_of(
    "survey_definition", SurveyDefinitionEvent, lambda event: f"{event.survey_id}/{event.version}", rows, measures
)


def definition_key(account_id: str, survey_id: str, version: int) -> bytes:
    """Return the state key of the definition that a response of this account refers to."""
    return f"{SURVEY_DEFINITION.prefix}{account_id}\0{survey_id}/{version}".encode()
