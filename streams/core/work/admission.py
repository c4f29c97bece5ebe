"""Rules for events of projects and tasks beyond their types. What needs a second event to judge is flagged in rows."""

from streams.core.billing.money import CURRENCY, MAX_EXPONENT, MAX_MICROS, micros
from streams.core.events import ProjectSet, ProjectStageChanged, TaskCompleted, TaskDueSet
from streams.core.limits import AHEAD, Refusal, unfit_id, unfit_moment, unprintable

WorkEvent = ProjectSet | ProjectStageChanged | TaskDueSet | TaskCompleted
MAX_COUNT = 2**31 - 1


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
            return unfit_moment("completed_at", event.completed_at) or not_ahead(
                "completed_at", event.completed_at, ingested_at
            )


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


def not_ahead(name: str, at: int, ingested_at: int) -> Refusal | None:
    """Return why a time cannot be one at which something happened: it is still to come."""
    if at <= ingested_at + AHEAD:
        return None
    return "occurred_in_future", f"{name} is more than a day after the record was stored"


def unfit_money(name: str, amount: int, currency: str, exponent: int) -> Refusal | None:
    """Return why an amount cannot be taken: below zero, out of range, or in no currency."""
    if not CURRENCY(currency):
        return "invalid_field", f"currency {currency[:64]!r} is no ISO 4217 code"
    if not 0 <= exponent <= MAX_EXPONENT:
        return "invalid_field", f"exponent must be 0 to {MAX_EXPONENT}"
    if not 0 <= micros(amount, exponent) <= MAX_MICROS:
        return "invalid_field", f"{name} is below zero or out of range"
    return None
