"""Rows that survey events leave behind: one struct per table."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    Channel,
    ContactId,
    EventId,
    Ingested,
    Int32,
    InvitationId,
    IsTest,
    Label,
    Moment,
    Owner,
    QuestionId,
    QuestionKind,
    ResponseId,
    Row,
    Submitted,
    SurveyId,
    SurveyVersion,
    UInt32,
    doc,
    personal,
)


class ResponseRow(Row, frozen=True, gc=False):
    """Survey responses as they stand after every correction: one row per response."""

    TABLE: ClassVar[str] = "response"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    survey_id: SurveyId
    survey_version: SurveyVersion
    invitation_id: InvitationId
    display_id: Annotated[str, doc("Display of the survey that was answered; empty when none was reported")]
    contact_id: ContactId
    channel: Channel
    language: Annotated[Label, doc("Language that the survey was answered in, as its source names it")]
    status: Annotated[
        Label,
        doc("submitted; incomplete while only later events of the response are known; deleted"),
    ]
    started_at: Annotated[Moment | None, doc("When answering began, UTC; NULL when the source does not say")]
    submitted_at: Annotated[Moment | None, doc("When the response was submitted, UTC; NULL while incomplete")]
    finished: Annotated[bool, doc("1 when the survey was answered to its end")]
    nps: Annotated[float | None, doc("The response's first valid NPS answer, 0 to 10; NULL when it has none")]
    has_text: Annotated[bool, doc("1 when at least one answer holds text other than white space")]
    corrections: Annotated[UInt32, doc("Corrections applied to the response so far")]
    is_test: IsTest
    source: Annotated[Label, doc("System and instance that submitted the response, such as zendesk:main")]
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the newest applied event happened, UTC")]
    ingested_at: Ingested


class AnswerRow(Row, frozen=True, gc=False):
    """Numeric answers as they stand after every correction: one row per response and question."""

    TABLE: ClassVar[str] = "answer"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    question_id: QuestionId
    kind: QuestionKind
    number: Annotated[float, doc("Answer on the question's own scale")]
    survey_id: SurveyId
    survey_version: SurveyVersion
    contact_id: ContactId
    submitted_at: Submitted
    is_test: IsTest
    event_id: EventId
    ingested_at: Ingested


class AnswerChoiceRow(Row, frozen=True, gc=False):
    """Chosen options of choice questions: one row per response, question and option."""

    TABLE: ClassVar[str] = "answer_choice"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    question_id: QuestionId
    choice: Annotated[str, doc("Option that was chosen, as the source names it")]
    survey_id: SurveyId
    submitted_at: Submitted
    is_test: IsTest


class VerbatimRow(Row, frozen=True, gc=False):
    """Free-text answers: personal data, readable by named users only."""

    TABLE: ClassVar[str] = "verbatim"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    question_id: QuestionId
    text: Annotated[str, doc("What the respondent wrote; personal data")]
    language: Annotated[Label, doc("Language that the survey was answered in, as its source names it")]
    submitted_at: Submitted
    is_test: IsTest


class ResponseTopicRow(Row, frozen=True, gc=False):
    """Topics that a response was tagged with: one row per response and topic."""

    TABLE: ClassVar[str] = "response_topic"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    topic_id: Annotated[str, doc("Topic within the taxonomy")]
    sentiment: Annotated[Label, doc("NEGATIVE, NEUTRAL, POSITIVE, MIXED or UNKNOWN")]
    taxonomy_version: Annotated[Label, doc("Version of the topic list that was tagged with")]
    tagger: Annotated[Label, doc("Person, rule set or model that set the tags")]
    submitted_at: Annotated[Moment | None, doc("When the tagged response was submitted, UTC; NULL while unknown")]
    nps: Annotated[float | None, doc("NPS answer of the tagged response, 0 to 10; NULL when it has none")]
    survey_id: SurveyId
    is_test: IsTest


class FollowupRow(Row, frozen=True, gc=False):
    """Contacts made because of a response: one row per logged follow-up."""

    TABLE: ClassVar[str] = "followup"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    followup_id: Annotated[str, doc("Follow-up, as its source names it")]
    kind: Annotated[Label, doc("How contact was made (call, email, ...)")]
    manager_id: Annotated[str, doc("Manager who followed up; empty when not told")]
    outcome: Annotated[str, personal("What came of it, as the source names it; empty when not told")]
    closed: Annotated[bool, doc("1 when this follow-up closed the loop")]
    occurred_at: Annotated[Moment, doc("When the follow-up took place, UTC")]
    is_test: IsTest


class FollowupCaseRow(Row, frozen=True, gc=False):
    """Detractor responses waiting for contact, and what became of each: one row per detractor response."""

    TABLE: ClassVar[str] = "followup_case"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "response"
    account_id: AccountId
    response_id: ResponseId
    survey_id: SurveyId
    contact_id: ContactId
    state: Annotated[
        Label,
        doc("waiting, contacted, closed, or voided when the score was corrected to 7 or more or withdrawn"),
    ]
    submitted_at: Submitted
    due_at: Annotated[Moment, doc("By when the first follow-up is due, UTC")]
    target_seconds: Annotated[UInt32, doc("Follow-up target in force at submission, in seconds")]
    policy_version: Annotated[Label, doc("Version of the policy that set the target; empty for the default")]
    first_contact_at: Annotated[Moment | None, doc("First follow-up, UTC; NULL before it")]
    closed_at: Annotated[Moment | None, doc("When the loop was closed, UTC; NULL before it")]
    missed_at: Annotated[Moment | None, doc("Set to due_at when the target passed without contact; else NULL")]
    score: Annotated[float, doc("NPS answer that opened the case, 0 to 6")]
    is_test: IsTest


class InvitationRow(Row, frozen=True, gc=False):
    """Survey invitations and how far each got: one row per invitation."""

    TABLE: ClassVar[str] = "invitation"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "invitation"
    account_id: AccountId
    invitation_id: Annotated[str, doc("Invitation, as its source names it")]
    survey_id: SurveyId
    contact_id: ContactId
    channel: Channel
    ticket_id: Annotated[str, doc("Ticket that triggered the invitation; empty when none did")]
    project_id: Annotated[str, doc("Project that triggered the invitation; empty when none did")]
    contract_id: Annotated[str, doc("Contract that triggered the invitation; empty when none did")]
    status: Annotated[
        Label,
        doc("sent, delivered, opened or bounced; incomplete while the sending itself is not known"),
    ]
    sent_at: Annotated[Moment | None, doc("First sending, UTC; NULL while unknown")]
    delivered_at: Annotated[Moment | None, doc("Delivery, UTC; NULL when not reported")]
    bounced_at: Annotated[Moment | None, doc("Bounce, UTC; NULL when none was reported")]
    opened_at: Annotated[Moment | None, doc("First opening, UTC; NULL when none was reported")]
    expires_at: Annotated[Moment | None, doc("Until when it can be answered, UTC; NULL without a limit")]
    reminders: Annotated[UInt32, doc("Reminders sent; they are the same invitation, not another")]
    bounce_reason: Annotated[str, personal("Why it bounced; empty when it did not or nobody said")]
    is_test: IsTest


class SurveyDisplayRow(Row, frozen=True, gc=False):
    """Displays of a survey to a person: one row per display."""

    TABLE: ClassVar[str] = "survey_display"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "survey_display"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("display_id",)
    account_id: AccountId
    display_id: Annotated[str, doc("Display, as its source names it")]
    survey_id: SurveyId
    survey_version: Annotated[Int32, doc("Version of the survey definition shown; 0 when not told")]
    invitation_id: InvitationId
    contact_id: ContactId
    channel: Channel
    displayed_at: Annotated[Moment, doc("When the survey was shown, UTC")]
    is_test: IsTest


class SurveyQuestionRow(Row, frozen=True, gc=False):
    """Survey definitions: one row per question of each version of each survey."""

    TABLE: ClassVar[str] = "survey_question"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "survey_definition"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("survey_id", "survey_version")
    survey_id: SurveyId
    survey_version: SurveyVersion
    account_id: Annotated[str, doc("Key that the definition was published under")]
    question_id: QuestionId
    kind: QuestionKind
    text: Annotated[str, doc("Wording of the question; empty when not told")]
    title: Annotated[str, doc("Title of the survey; empty when not told")]
    relationship: Annotated[Label, doc("RELATIONSHIP, TRANSACTIONAL or UNKNOWN")]
    scale_min: Annotated[float | None, doc("Lowest answer of the scale; NULL when not declared")]
    scale_max: Annotated[float | None, doc("Highest answer of the scale; NULL when not declared")]
    positive_from: Annotated[
        float | None,
        doc("Lowest answer counted as positive (satisfied, or easy for effort); NULL when not declared"),
    ]
    occurred_at: Annotated[Moment, doc("When the definition was published, UTC")]
