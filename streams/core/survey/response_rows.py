"""Open outputs of a response: the response, its answers, texts, choices, topics, case, signals and measures."""

from collections.abc import Iterator
from operator import attrgetter

from streams.core.columns import Row
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import ResponseEvent, ResponseSubmitted
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs, Scope
from streams.core.rows_survey import AnswerChoiceRow, AnswerRow, ResponseRow, ResponseTopicRow, VerbatimRow
from streams.core.survey import case, response
from streams.core.survey.case import case_row, signals
from streams.core.survey.measures import response_measures
from streams.core.survey.response import Last, Response
from streams.core.survey.scores import has_text
from streams.core.survey.signs import facts_of


def project(response: Response, scope: Scope, outputs: Outputs) -> None:
    """List every open output of one response. An incomplete or deleted one has its own row and none of its answers."""
    last, written = response.last, outputs.rows
    if last is None:
        return
    written.append(_response(response, last))
    if response.submitted is not None and not response.deleted:
        _answers(written, response, response.submitted, last)
    if response.tagged is not None and not response.deleted:
        written.extend(_topics(response))
    if response.was_detractor is not None:
        written.append(case_row(response, scope))
    if response.is_detractor:
        outputs.signals.update(signals(response, last, scope))
    outputs.measures.update(response_measures(response))
    hand_over(facts_of(response), outputs)


def _response(response: Response, last: Last) -> ResponseRow:
    said = response.submitted
    if said is None:
        return ResponseRow(
            last.account_id, last.response_id, "", 0, "", "", "", "", "",
            "deleted" if response.deleted else "incomplete",
            None, None, False, None, False, response.corrections, response.is_test,
            last.source, last.event_id, last.occurred_at, last.ingested_at,
        )  # fmt: skip
    return ResponseRow(
        said.account_id,
        said.response_id,
        said.survey_id,
        said.survey_version,
        said.invitation_id or "",
        said.display_id or "",
        said.contact_id or "",
        said.channel or "",
        said.language or "",
        "deleted" if response.deleted else "submitted",
        said.started_at,
        said.submitted_at,
        said.finished,
        response.nps,
        not response.deleted and has_text(response.answers),
        response.corrections,
        response.is_test,
        said.source,
        last.event_id,
        last.occurred_at,
        last.ingested_at,
    )


def _answers(written: list[Row], response: Response, said: ResponseSubmitted, last: Last) -> None:
    account, response_id, submitted_at = said.account_id, said.response_id, said.submitted_at
    contact, language, is_test = said.contact_id or "", said.language or "", response.is_test
    for answer in response.answers:
        question, text = answer.question_id, answer.text
        if answer.number is not None:
            written.append(
                AnswerRow(
                    account,
                    response_id,
                    question,
                    answer.kind,
                    answer.number,
                    said.survey_id,
                    said.survey_version,
                    contact,
                    submitted_at,
                    is_test,
                    last.event_id,
                    last.ingested_at,
                )
            )
        if text is not None and text.strip():
            written.append(VerbatimRow(account, response_id, question, text, language, submitted_at, is_test))
        if answer.choices:
            written.extend(
                AnswerChoiceRow(account, response_id, question, choice, said.survey_id, submitted_at, is_test)
                for choice in dict.fromkeys(answer.choices)
            )


def _topics(response: Response) -> Iterator[ResponseTopicRow]:
    tagged, said = response.tagged, response.submitted
    assert tagged is not None
    for topic in {topic.topic_id: topic for topic in tagged.topics}.values():
        yield ResponseTopicRow(
            tagged.account_id,
            tagged.response_id,
            topic.topic_id,
            topic.sentiment,
            tagged.taxonomy_version,
            tagged.tagger,
            said.submitted_at if said is not None else None,
            response.nps,
            said.survey_id if said is not None else "",
            response.is_test,
        )


RESPONSE = Reducer(
    kind="response",
    prefix=PREFIXES["response"],
    events=ResponseEvent,
    identify=attrgetter("response_id"),
    accumulator=Response,
    apply=response.apply,
    project=project,
    part_of=response.part_of,
    deadline=case.deadline,
    depends_on_rules=True,
)
