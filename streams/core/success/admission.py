"""Rules for events of contracts, onboardings and judgements beyond their types: dates, amounts, no contradictions.

Only what one event says is judged here. A decision without its contract waits, or is flagged in the tables: which of
two events came first must not decide what is taken in.
"""

from typing import Any

from streams.core.billing.money import CURRENCY, MAX_EXPONENT, MAX_MICROS, micros
from streams.core.events import (
    ContractSet,
    HealthOverrideSet,
    ManagerSentimentSet,
    MilestoneReached,
    OnboardingPaused,
    OnboardingPlanned,
    OnboardingResumed,
    RenewalDecided,
    UsageReported,
)
from streams.core.limits import AHEAD, MAX_ID, Refusal, repeated, unfit_id, unfit_moment, unprintable
from streams.core.success.terms import DAY, due_of

_BEST = 2
"""The worst sentiment is as far below zero."""
_HIGHEST_SCORE = 100
_HIGHEST = 1e15
"""Of a meter; below it every whole number is exact."""
_MOST_NOTICE = 36_500
"""Days; a hundred years of notice are a unit mistaken."""


def content(event: Any, ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None. `ingested_at` is the record's own time in microseconds."""
    match event:
        case ContractSet():
            return (
                _dates(event) or _term(event) or _money(event, event.annual_value, "annual_value") or _products(event)
            )
        case RenewalDecided():
            return _decided(event, ingested_at) or _money(event, event.amount, "amount")
        case OnboardingPlanned():
            return _planned(event)
        case MilestoneReached():
            named = unfit_id("milestone_code", event.milestone_code)
            return (
                named
                or _happened("reached_at", event.reached_at, ingested_at)
                or unfit_moment("planned_at", event.planned_at)
            )
        case OnboardingPaused() | OnboardingResumed():
            return _happened("effective_at", event.effective_at, ingested_at)
        case ManagerSentimentSet():
            return _judged(event) or _happened("set_at", event.set_at, ingested_at)
        case HealthOverrideSet():
            return _overridden(event) or _happened("set_at", event.set_at, ingested_at)
        case UsageReported():
            return _measured(event) or _happened("measured_at", event.measured_at, ingested_at)
        case _:
            return None


def _overridden(event: HealthOverrideSet) -> Refusal | None:
    named = unfit_id("set_by", event.set_by) or unprintable(reason=event.reason, band=event.band)
    if named is not None:
        return named
    if not event.reason.strip():
        return "invalid_field", "an override has a reason"
    if event.score is not None and (event.band is not None or not 0 <= event.score <= _HIGHEST_SCORE):
        return "invalid_field", "an override is a score from 0 to 100, or a band, not both"
    if event.band == "":
        return "invalid_field", "a band has a name"
    lifts = event.score is None and event.band is None
    if lifts != (event.expires_at is None):
        return "invalid_field", "an override has expires_at; what lifts others has none"
    if event.expires_at is not None and event.expires_at <= event.set_at:
        return "invalid_field", "expires_at must be after set_at"
    return unfit_moment("expires_at", event.expires_at)


def _dates(event: ContractSet) -> Refusal | None:
    for name in ("starts_at", "ends_at", "renewal_at"):
        refusal = unfit_moment(name, getattr(event, name))
        if refusal is not None:
            return refusal
    for name in ("ends_at", "renewal_at"):
        at: int | None = getattr(event, name)
        if at is not None and at <= event.starts_at:
            return "invalid_field", f"{name} must be after starts_at"
    return None


def _term(event: ContractSet) -> Refusal | None:
    due, notice = due_of(event), event.notice_days
    if event.term_kind == "FIXED" and due is None:
        return "invalid_field", "a fixed term has ends_at, renewal_at or both"
    if event.term_kind in ("MONTHLY", "EVERGREEN") and event.renewal_at is not None:
        return "invalid_field", "renewal_at is of a fixed term, not of one that goes on until somebody ends it"
    if notice is None:
        return None
    if not 0 <= notice <= _MOST_NOTICE:
        return "invalid_field", f"notice_days must be 0 to {_MOST_NOTICE}"
    if due is not None and due - notice * DAY < event.starts_at:
        return "invalid_field", "notice_days is longer than the term"
    return None


def _money(event: ContractSet | RenewalDecided, amount: int, name: str) -> Refusal | None:
    if not CURRENCY(event.currency):
        return "invalid_field", f"currency {event.currency[:64]!r} is no ISO 4217 code"
    if not 0 <= event.exponent <= MAX_EXPONENT:
        return "invalid_field", f"exponent must be 0 to {MAX_EXPONENT}"
    if amount < 0:
        return "invalid_field", f"{name} is negative"
    if micros(amount, event.exponent) > MAX_MICROS:
        return "invalid_field", f"{name} is out of range"
    return None


def _products(event: ContractSet) -> Refusal | None:
    if all(0 < len(product) <= MAX_ID and product.isprintable() for product in event.products):
        return repeated("products", event.products)
    return "invalid_field", f"products must be 1 to {MAX_ID} printable characters each"


def _decided(event: RenewalDecided, ingested_at: int) -> Refusal | None:
    if event.outcome == "LOST" and event.amount != 0:
        return "invalid_field", "amount must be 0 where the renewal is lost"
    if event.successor_id is not None and event.successor_id == event.contract_id:
        return "invalid_field", "successor_id is the contract itself: null where it goes on"
    return _happened("decided_at", event.decided_at, ingested_at)


def _judged(event: ManagerSentimentSet) -> Refusal | None:
    if -_BEST <= event.sentiment <= _BEST:
        return None
    return "invalid_field", f"sentiment must be {-_BEST} to {_BEST}"


def _measured(event: UsageReported) -> Refusal | None:
    for name, level in (("value", event.value), ("limit", event.limit)):
        if level is not None and not 0 <= level <= _HIGHEST:
            return "invalid_field", f"{name} must be 0 to {_HIGHEST:.0e}"
    return unfit_id("meter", event.meter)


def _happened(name: str, at: int, ingested_at: int) -> Refusal | None:
    if at > ingested_at + AHEAD:
        return "occurred_in_future", f"{name} is more than a day after the record was stored"
    return unfit_moment(name, at)


def _planned(event: OnboardingPlanned) -> Refusal | None:
    refusal = unfit_moment("starts_at", event.starts_at) or unprintable(product=event.product)
    if refusal is not None:
        return refusal
    for each in event.milestones:
        refusal = unfit_id("milestone_code", each.milestone_code) or unfit_moment("planned_at", each.planned_at)
        if refusal is not None:
            return refusal
        if each.planned_at is not None and each.planned_at < event.starts_at:
            return "invalid_field", f"milestone {each.milestone_code[:64]!r} is planned before the start"
    return repeated("milestones", [each.milestone_code for each in event.milestones])
