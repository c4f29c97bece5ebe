"""What a response says in rows: the response, its answers, texts, choices, topics, follow-ups."""

from collections.abc import Iterator, Sequence

from streams.core.events import ResponseSubmitted
from streams.core.rows import (
    AnswerChoiceRow,
    AnswerRow,
    FollowupRow,
    ResponseRow,
    ResponseTopicRow,
    Row,
    VerbatimRow,
)
from streams.core.rules import Rules
from streams.core.survey.case import case_row
from streams.core.survey.response import Response
from streams.core.survey.scores import has_text


def rows(response: Response | None, rules: Rules, passed: int) -> Sequence[Row]:
    """Every row of one response. An incomplete or deleted one keeps its own row and loses those of its answers."""
    if response is None:
        return ()
    written: list[Row] = [_response(response)]
    if response.submitted is not None and not response.deleted:
        _answers(written, response, response.submitted)
    if response.tagged is not None and not response.deleted:
        written.extend(_topics(response))
    if response.followups:
        written.extend(_followups(response))
    if response.was_detractor is not None:
        written.append(case_row(response, rules, passed))
    return written


def _response(response: Response) -> ResponseRow:
    last = response.last.event
    said = response.submitted
    if said is None:
        return ResponseRow(
            last.account_id, _id(response), "", 0, "", "", "", "", "",
            "deleted" if response.deleted else "incomplete",
            None, None, False, None, False, response.corrections, last.is_test,
            last.source, last.event_id, last.occurred_at, response.last.ingested_at,
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
        said.is_test or last.is_test,
        said.source,
        last.event_id,
        last.occurred_at,
        response.last.ingested_at,
    )


def _id(response: Response) -> str:
    return response.last.event.response_id  # type: ignore[union-attr] # every event of this entity names it


def _answers(written: list[Row], response: Response, said: ResponseSubmitted) -> None:
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
                    response.last.event.event_id,
                    response.last.ingested_at,
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


def _followups(response: Response) -> Iterator[FollowupRow]:
    for event in response.followups.values():
        yield FollowupRow(
            event.account_id,
            event.response_id,
            event.followup_id,
            event.kind,
            event.manager_id or "",
            event.outcome or "",
            event.closed,
            event.occurred_at,
            response.is_test,
        )
