"""The contract beyond types: what an event must satisfy to be folded. A refusal is a reason code and a sentence."""

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, get_args

from streams.core import admission_settings
from streams.core.admission_lists import too_many
from streams.core.billing import admission as billing
from streams.core.billing import choices
from streams.core.billing.money import CURRENCY
from streams.core.events import (
    AccountLinked,
    AccountMerged,
    AccountUnlinked,
    AccountUnmerged,
    AccountUpserted,
    Answer,
    ContactUpserted,
    CostEntry,
    Event,
    FeedbackItemLinked,
    FeedbackItemMerged,
    FeedbackItemOpened,
    FeedbackItemStateChanged,
    FxRateSet,
    HealthModelSet,
    HolidaySet,
    InvitationSent,
    ManagerAssigned,
    MediaPlanSet,
    MediaSpendReported,
    PlanSet,
    PolicySet,
    ProjectSet,
    ProjectStageChanged,
    Question,
    RateCardSet,
    ReporterNotified,
    ResponseCorrected,
    ResponseSubmitted,
    ResponseTagged,
    RiskRuleSet,
    ScheduleSet,
    SlaPolicySet,
    SurveyDefined,
    TaskCompleted,
    TaskDueSet,
    TaxonomySet,
    TimeEntry,
)
from streams.core.feedback import admission as feedback
from streams.core.health import choices as health
from streams.core.identity import admission as identity
from streams.core.limits import (
    AHEAD,
    EARLIEST,
    MAX_ID,
    MAX_ITEMS,
    Refusal,
    repeated,
    unfit_id,
    unfit_moment,
    unprintable,
)
from streams.core.risk import admission as risk
from streams.core.rules import FOLLOWUP_TARGET, SLA_AT_RISK
from streams.core.success import admission as success
from streams.core.support import admission as support
from streams.core.survey.scores import NPS_MAX
from streams.core.work import admission as work

_UUID_SHAPE = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_HEX_AS_X = bytes.maketrans(b"0123456789abcdefABCDEFx", b"x" * 22 + b"?")
_NPS_SCORES = frozenset(range(NPS_MAX + 1))
ALL_OF_IT = 10_000
"""An account's whole share, in hundredths of a percent."""
_MOST_REMINDERS = 1_000
_WHOLE_NUMBER_POLICIES = frozenset(
    {
        FOLLOWUP_TARGET,
        SLA_AT_RISK,
        "response_window_days",
        "low_sample_n",
        "payment_terms_days",
        "dunning_days",
        "reopen_horizon_days",
        "renewal_grace_days",
        "margin_min_people",
        "sentiment_validity_days",
    }
)

_DIGITS = 10
"""As many as the largest number of a policy has; for thousands of them int() raises."""
Judge = Callable[[Any, int], Refusal | None]
"""The rules of one topic. Asking an event for its type takes thirty times as long."""
_JUDGES: dict[str, Judge] = {"support": support.content, "billing": billing.content, "reference": success.content}
"""By topic, for topics whose rules do not stand here. A type that no rule names is taken as its schema says."""


def refusal_of(event: Event, key: bytes | None, ingested_at: int, size: int) -> Refusal | None:
    """Return why a worker refuses the event whatever came before it, or None; `size` is its record's bytes.

    Emitters, workers and whoever judges letters ask this one function.
    """
    lists = too_many(event) if size > MAX_ITEMS else None  # an item takes a byte: shorter records hold no long list
    return lists or check(event, key, ingested_at)


def check(event: Event, key: bytes | None, ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None. `ingested_at` is the record's own time in microseconds."""
    return _key(event, key) or _envelope(event, ingested_at) or _ids(event) or _content(event, ingested_at)


def _key(event: Event, key: bytes | None) -> Refusal | None:
    if not key:
        return "key_missing", "the record has no key; it must be the event's account_id"
    if key != event.account_id.encode():
        return "key_mismatch", f"key {key[:64]!r} is not the account_id {event.account_id[:64]!r}"
    return None


def _envelope(event: Event, ingested_at: int) -> Refusal | None:
    if event.event_id.encode().translate(_HEX_AS_X) != _UUID_SHAPE:  # an eighth of a regular expression's time
        return "invalid_event_id", f"{event.event_id[:64]!r} is not a UUID"
    if event.occurred_at > ingested_at + AHEAD:
        return "occurred_in_future", "occurred_at is more than a day after the record was stored"
    if event.occurred_at < EARLIEST:
        return "occurred_too_early", "occurred_at is before the year 2000"
    source = event.source
    if not (0 < len(source) <= MAX_ID and source.isprintable()):
        return unfit_id("source", source)
    if event.is_retraction and event.corrects_event_id is None:
        return "invalid_field", "a retraction must name corrects_event_id"
    if event.corrects_event_id == event.event_id:
        return "invalid_field", "an event cannot correct itself"
    return None


def _id_names(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name.endswith("_id") and name != "event_id")


def _id_values(kind: type[Event]) -> Callable[[Event], tuple[str | None, ...]]:
    names = _id_names(kind)
    return attrgetter(*names, names[0])  # attrgetter returns a tuple only for two names or more


_ID_VALUES = {kind: _id_values(kind) for kind in get_args(Event)}


def _ids(event: Event) -> Refusal | None:
    values = _ID_VALUES[type(event)](event)
    together = "".join(filter(None, values))
    if len(together) <= MAX_ID and together.isprintable() and "" not in values:
        return None  # true for nearly every event, and three times as fast as looking at each
    for name, value in zip(_id_names(type(event)), values, strict=False):
        refusal = unfit_id(name, value)
        if refusal is not None:
            return refusal
    return None


def _content(event: Event, ingested_at: int) -> Refusal | None:
    match event:
        case ResponseSubmitted():
            return _submitted(event, ingested_at) or _answers(event.answers)
        case ResponseCorrected():
            return _answers(event.answers)
        case SurveyDefined():
            return unprintable(title=event.title) or _definition(event.questions)
        case ResponseTagged():
            return repeated("topics", [topic.topic_id for topic in event.topics])
        case TaxonomySet():
            labels = unprintable(label="".join(topic.label for topic in event.topics))
            return _since(event) or labels or repeated("topics", [topic.topic_id for topic in event.topics])
        case ManagerAssigned():
            return _assigned(event)
        case FxRateSet():
            return _since(event) or _rate(event)
        case PolicySet():
            return _since(event) or _policy(event)
        case PlanSet():
            return _since(event) or unprintable(name=event.name)
        case HealthModelSet():
            return health.content(event)
        case ScheduleSet() | HolidaySet() | SlaPolicySet():
            return admission_settings.content(event)
        case MediaPlanSet() | MediaSpendReported():
            return work.media(event, ingested_at)
        case RateCardSet():
            return work.rate(event)
        case RiskRuleSet():
            return risk.content(event)
        case InvitationSent():
            return _invited(event)
        case AccountUpserted():
            return _account(event)
        case ContactUpserted():
            return unprintable(role=event.role)
        case (
            FeedbackItemOpened()
            | FeedbackItemStateChanged()
            | FeedbackItemMerged()
            | FeedbackItemLinked()
            | ReporterNotified()
        ):
            return feedback.content(event, ingested_at)
        case AccountMerged() | AccountUnmerged() | AccountLinked() | AccountUnlinked():
            return identity.content(event)
        case ProjectSet() | ProjectStageChanged() | TaskDueSet() | TaskCompleted() | TimeEntry() | CostEntry():
            return work.content(event, ingested_at)
        case _:
            judge = _JUDGES.get(event.TOPIC)
            return None if judge is None else judge(event, ingested_at)


def _account(event: AccountUpserted) -> Refusal | None:
    told = unprintable(
        name=event.name,
        segment=event.segment,
        country=event.country,
        time_zone=event.time_zone,
        currency=event.currency,
        lifecycle=event.lifecycle,
    )
    if told is not None:
        return told
    named = (unprintable(system=each.system, id=each.id) for each in event.external_refs)
    return next((refusal for refusal in named if refusal is not None), None)


def _submitted(event: ResponseSubmitted, ingested_at: int) -> Refusal | None:
    if event.submitted_at > ingested_at + AHEAD:
        return "occurred_in_future", "submitted_at is more than a day after the record was stored"
    if event.submitted_at < EARLIEST:
        return "occurred_too_early", "submitted_at is before the year 2000"
    if event.started_at is not None and event.started_at > event.submitted_at:
        return "invalid_field", "started_at is after submitted_at"
    return unfit_moment("started_at", event.started_at)


def _invited(event: InvitationSent) -> Refusal | None:
    if not 0 <= event.reminder_no <= _MOST_REMINDERS:
        return "invalid_field", f"reminder_no is not from 0 to {_MOST_REMINDERS}"
    return unfit_moment("expires_at", event.expires_at)


def _assigned(event: ManagerAssigned) -> Refusal | None:
    if event.valid_to is not None and event.valid_to <= event.valid_from:
        return "invalid_field", "valid_to must be after valid_from"
    if event.share_bp is not None and not 0 <= event.share_bp <= ALL_OF_IT:
        return "invalid_field", f"share_bp is not from 0 to {ALL_OF_IT:,}"
    return _since(event) or unfit_moment("valid_to", event.valid_to)


def _answers(answers: Sequence[Answer]) -> Refusal | None:
    refusal = repeated("answers", [answer.question_id for answer in answers]) if len(answers) > 1 else None
    if refusal is not None:
        return refusal
    for answer in answers:
        question, number, is_nps = answer.question_id, answer.number, answer.kind == "NPS"
        if not 0 < len(question) <= MAX_ID:
            return "invalid_field", f"question_id must be 1 to {MAX_ID} characters"
        if len(answer.choices) > MAX_ITEMS:
            return "too_many_items", f"more than {MAX_ITEMS} choices in one answer"
        if number is None or (is_nps and number in _NPS_SCORES):
            continue
        if not math.isfinite(number):
            return "invalid_field", f"the number of {question[:64]!r} is not finite"
        if is_nps:
            return "score_out_of_scale", f"{number:g} is not a whole number from 0 to {NPS_MAX}"
    return None


def _definition(questions: Sequence[Question]) -> Refusal | None:
    for question in questions:
        low, high, positive = question.scale_min, question.scale_max, question.positive_from
        bounds = [bound for bound in (low, positive, high) if bound is not None]
        if not all(map(math.isfinite, bounds)) or bounds != sorted(bounds) or (low is not None and low == high):
            name = question.question_id[:64]
            return (
                "invalid_field",
                f"the scale of {name!r} must rise from scale_min over positive_from to scale_max",
            )
        if question.kind == "NPS" and (low, high) not in ((None, None), (0, NPS_MAX)):
            return "invalid_field", f"an NPS question has the scale 0 to {NPS_MAX}"
    return repeated("questions", [question.question_id for question in questions])


def _since(event: FxRateSet | ManagerAssigned | PlanSet | PolicySet | TaxonomySet) -> Refusal | None:
    return unfit_moment("valid_from", event.valid_from)


def _rate(event: FxRateSet) -> Refusal | None:
    if event.rate_micros <= 0:
        return "invalid_field", "rate_micros must be positive"
    if not (CURRENCY(event.base) and CURRENCY(event.quote)) or event.base == event.quote:
        return "invalid_field", "base and quote must be two different ISO 4217 codes"
    return None


def _policy(event: PolicySet) -> Refusal | None:
    if event.policy in _WHOLE_NUMBER_POLICIES:
        value = event.value
        if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS and 0 < int(value) < 2**31):
            return "invalid_field", f"{event.policy} must be a positive whole number"
    try:
        profile = choices.profile_of(event.policy)
        if profile is not None:
            choices.parse(profile, event.value)
    except ValueError as fault:
        return "invalid_field", str(fault)
    return None
