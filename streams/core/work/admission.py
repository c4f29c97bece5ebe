"""Rules for events of projects and tasks beyond their types. What needs a second event to judge is flagged in rows."""

from streams.core.billing.money import CURRENCY, MAX_EXPONENT, MAX_MICROS, micros
from streams.core.events import (
    CostEntry,
    MediaPlanSet,
    MediaSpendReported,
    ProjectSet,
    ProjectStageChanged,
    RateCardSet,
    TaskCompleted,
    TaskDueSet,
    TimeEntry,
)
from streams.core.limits import AHEAD, Refusal, unfit_id, unfit_moment, unprintable

WorkEvent = ProjectSet | ProjectStageChanged | TaskDueSet | TaskCompleted | TimeEntry | CostEntry
MediaEvent = MediaPlanSet | MediaSpendReported
MAX_COUNT = 2**31 - 1
DAY_MINUTES, WEEK_MINUTES = 1_440, 10_080
LONGEST_PLAN = 3 * 366 * 24 * 3_600_000_000
"""Three years in microseconds: each day of a line is a fact."""


def content(event: WorkEvent, ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None. `ingested_at` is the record's own time in microseconds."""
    match event:
        case ProjectSet():
            return unfit_moment("due_at", event.due_at) or _agreed(event)
        case ProjectStageChanged():
            return unfit_moment("due_at", event.due_at) or unfit_id("stage", event.stage)
        case TaskDueSet():
            return unfit_moment("due_at", event.due_at)
        case TaskCompleted():
            return _happened("completed_at", event.completed_at, ingested_at)
        case TimeEntry():
            return _happened("worked_at", event.worked_at, ingested_at) or _time(event)
        case CostEntry():
            return _happened("incurred_at", event.incurred_at, ingested_at) or unfit_money(
                "amount", event.amount, event.currency, event.exponent, low=-MAX_MICROS
            )


def media(event: MediaEvent, ingested_at: int) -> Refusal | None:
    """Return why a line of a media plan, or what was spent, cannot be taken, or None."""
    if isinstance(event, MediaSpendReported):
        return _happened("spent_at", event.spent_at, ingested_at) or unfit_money(
            "amount", event.amount, event.currency, event.exponent, low=-MAX_MICROS
        )
    moments = unfit_moment("starts_at", event.starts_at) or unfit_moment("ends_at", event.ends_at)
    if moments is None and not 0 < event.ends_at - event.starts_at <= LONGEST_PLAN:
        return "invalid_field", "ends_at must be after starts_at, by three years at most"
    return (
        moments
        or unfit_id("channel", event.channel)
        or unfit_money("amount", event.amount, event.currency, event.exponent)
    )


def rate(event: RateCardSet) -> Refusal | None:
    """Return why a rate cannot be taken, or None."""
    if (event.person_id is None) == (event.role is None):
        return "invalid_field", "a rate is of a person or of a role, and of one of them"
    if event.role is not None and event.weekly_minutes is not None:
        return "invalid_field", "weekly_minutes are a person's, and this rate is a role's"
    if event.weekly_minutes is not None and not 0 < event.weekly_minutes <= WEEK_MINUTES:
        return "invalid_field", f"weekly_minutes must be 1 to {WEEK_MINUTES}, or null"
    if event.valid_to is not None and event.valid_to <= event.valid_from:
        return "invalid_field", "valid_to must be after valid_from"
    moments = unfit_moment("valid_from", event.valid_from) or unfit_moment("valid_to", event.valid_to)
    return (
        moments
        or unfit_id("role", event.role)
        or unfit_money("hourly_rate", event.hourly_rate, event.currency, event.exponent, low=1)
    )


def _time(event: TimeEntry) -> Refusal | None:
    if not 0 < event.minutes <= DAY_MINUTES:
        return "invalid_field", f"minutes must be 1 to {DAY_MINUTES}"
    return unfit_id("role", event.role)


def _happened(name: str, at: int, ingested_at: int) -> Refusal | None:
    """Return why a time cannot be one at which something happened: it is none, or still to come."""
    if at > ingested_at + AHEAD:
        return "occurred_in_future", f"{name} is more than a day after the record was stored"
    return unfit_moment(name, at)


def _agreed(event: ProjectSet) -> Refusal | None:
    if event.quota is not None and not 0 < event.quota <= MAX_COUNT:
        return "invalid_field", f"quota must be 1 to {MAX_COUNT}, or null"
    told = [each is not None for each in (event.budget, event.currency, event.exponent)]
    if any(told) and not all(told):
        return "invalid_field", "budget, currency and exponent come together or not at all"
    surveys = (unfit_id("survey_ids", each) for each in event.survey_ids)
    fault = unprintable(name=event.name) or next((refusal for refusal in surveys if refusal is not None), None)
    if fault is not None or event.budget is None or event.currency is None or event.exponent is None:
        return fault
    return unfit_money("budget", event.budget, event.currency, event.exponent)


def unfit_money(name: str, amount: int, currency: str, exponent: int, *, low: int = 0) -> Refusal | None:
    """Return why an amount cannot be taken: out of range, in millionths from `low` on, or in no currency."""
    if not CURRENCY(currency):
        return "invalid_field", f"currency {currency[:64]!r} is no ISO 4217 code"
    if not 0 <= exponent <= MAX_EXPONENT:
        return "invalid_field", f"exponent must be 0 to {MAX_EXPONENT}"
    if not low <= micros(amount, exponent) <= MAX_MICROS:
        return "invalid_field", f"{name} is out of range"
    return None
