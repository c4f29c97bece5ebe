"""Rules for billing events beyond their types: amounts, times, and no contradictions within an event.

Only what one event says is judged here. What two events say of each other (paid after void, refund of a payment that
nobody knows) depends on which of them came first, so those are taken in and flagged in the tables.
"""

from collections.abc import Iterable
from typing import get_args

from streams.core.billing.admission_items import items, lines
from streams.core.billing.money import CURRENCY, MAX_EXPONENT, MAX_MICROS, micros
from streams.core.events import (
    ActSigned,
    BillingEvent,
    DisputeOpened,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceWrittenOff,
    PayoutSettled,
    SubscriptionCancelScheduled,
    SubscriptionChanged,
    SubscriptionPaused,
    SubscriptionStarted,
    SubscriptionTrialStarted,
)
from streams.core.limits import AHEAD, Refusal, unfit_moment

_HAPPENED = frozenset(
    {"applied_at", "paid_at", "received_at", "refunded_at", "requested_at", "returned_at", "signed_at", "settled_at"}
)
_AMOUNTS = frozenset({"amount", "total", "payment_amount", "credit_applied", "fee", "fees", "balance_change"})
_ABOVE_ZERO = frozenset({"amount", "payment_amount"})


def _named(kind: type[BillingEvent], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name in names)


_KINDS: tuple[type[BillingEvent], ...] = get_args(BillingEvent)
_MOMENT_NAMES = {
    name
    for kind in _KINDS
    for name in kind.__struct_fields__
    if name.endswith("_at") or name in ("period_start", "period_end")
}
_MOMENTS = {kind: _named(kind, _MOMENT_NAMES - {"occurred_at"}) for kind in _KINDS}
_MONEY = {kind: _named(kind, _AMOUNTS) for kind in _KINDS if "currency" in kind.__struct_fields__}
_EITHER_SIGN = (ActSigned, PayoutSettled)


def content(event: BillingEvent, ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None. `ingested_at` is the record's own time in microseconds."""
    return _moments(event, ingested_at) or _money(event) or _own_rules(event)


def _moments(event: BillingEvent, ingested_at: int) -> Refusal | None:
    for name in _MOMENTS[type(event)]:
        at: int | None = getattr(event, name)
        refusal = unfit_moment(name, at)
        if refusal is not None:
            return refusal
        if at is not None and name in _HAPPENED and at > ingested_at + AHEAD:
            return "occurred_in_future", f"{name} is more than a day after the record was stored"
    return None


def _money(event: BillingEvent) -> Refusal | None:
    names = _MONEY.get(type(event))
    if names is None:
        return None
    currency: str | None = event.currency  # type: ignore[union-attr] # None only in a write-off of all that is open
    exponent: int | None = event.exponent  # type: ignore[union-attr]
    if currency is None or exponent is None:
        return None
    if not CURRENCY(currency):
        return "invalid_field", f"currency {currency[:64]!r} is no ISO 4217 code"
    if not 0 <= exponent <= MAX_EXPONENT:
        return "invalid_field", f"exponent must be 0 to {MAX_EXPONENT}"
    for name in names:
        amount: int | None = getattr(event, name)
        if amount is None:
            continue
        if amount <= 0 and name in _ABOVE_ZERO and not isinstance(event, _EITHER_SIGN):
            return "invalid_field", f"{name} must be above zero"
        if abs(micros(amount, exponent)) > MAX_MICROS:
            return "invalid_field", f"{name} is out of range"
    return None


def _own_rules(event: BillingEvent) -> Refusal | None:
    match event:
        case SubscriptionStarted() | SubscriptionChanged():
            return _span(event.period_start, event.period_end, "period_end", "period_start") or items(event)
        case SubscriptionTrialStarted() | SubscriptionCancelScheduled() | SubscriptionPaused():
            return _span(event.effective_at, event.ends_at, "ends_at", "effective_at")
        case InvoiceIssued():
            return _credit_applied(event) or lines(event)
        case InvoicePaid():
            if event.payment_amount is not None and event.payment_amount < event.amount:
                return "invalid_field", "payment_amount is less than the part of it that pays this invoice"
            return _attempt(event.attempt_no)
        case InvoicePaymentFailed():
            return _attempt(event.attempt_no)
        case InvoiceWrittenOff():
            return _all_or_none(event)
        case DisputeOpened():
            return ("invalid_field", "fee is negative") if event.fee < 0 else None
        case ActSigned() | PayoutSettled():
            return _span(event.period_start, event.period_end, "period_end", "period_start")
        case _:
            return None


def _span(start: int | None, end: int | None, end_name: str, start_name: str) -> Refusal | None:
    if start is None or end is None or start <= end:
        return None
    return "invalid_field", f"{end_name} is before {start_name}"


def _attempt(number: int) -> Refusal | None:
    return ("invalid_field", "attempt_no counts from 1") if number < 1 else None


def _all_or_none(event: InvoiceWrittenOff) -> Refusal | None:
    if (event.amount is None) == (event.currency is None) == (event.exponent is None):
        return None
    return "invalid_field", "amount, currency and exponent come together or not at all"


def _credit_applied(event: InvoiceIssued) -> Refusal | None:
    if 0 <= event.credit_applied <= max(event.total, 0):
        return None
    return "invalid_field", "credit_applied must be 0 to the total"
