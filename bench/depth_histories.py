"""Histories of one entity each, as deep as one likes: the events that `bench.depth` gives to a partition.

An entity has an account of its own. Event number n happens n hours after the beginning and is stored a second later. A
late event is stored just as late, and happened at any time since the beginning. A correction of the first event says
the first event anew, with another quantity, sum, score or channel.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.record import Made
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = tuple[str, dict[str, Any]]

SECOND = 1_000_000
HOUR = 3600 * SECOND
MONTH = 30 * 24 * HOUR
BEGIN = 1_700_000_000 * SECOND
LATE_EVERY = 100
MOST_ENTITIES = 1_000
"""Offsets rise with an event's number, and with its entity within one number."""
_MONEY = {"currency": "USD", "exponent": 2}
_TOTAL = 100_000_000
_CENTURY = 100 * 365 * 24 * HOUR
_encode = Codec().encode


@dataclass(frozen=True, slots=True)
class History:
    """`event` gives type and fields of event `number` at a time; `variety` makes what it says differ from others."""

    name: str
    topic: str
    event: Callable[[int, int, int], Told]
    names_the_last: bool = False

    def record(self, entity: int, number: int, *, late: bool = False) -> Made:
        """Return event `number` of an entity."""
        at = BEGIN + number * HOUR
        stored = at + SECOND
        if late:
            at = BEGIN + random.Random(f"{entity}/{number}").randrange(1, number * HOUR)
        corrects = _event_id(entity, number - 1) if self.names_the_last and number else None
        return _made((entity, number), self.event(number, at, number), at, stored, corrects)

    def correction(self, entity: int, number: int) -> Made:
        """Return a correction of the first event of an entity, which is event `number`."""
        at = BEGIN + number * HOUR
        return _made((entity, number), self.event(0, BEGIN, number), at, at + SECOND, _event_id(entity, 0))


def _made(place: tuple[int, int], told: Told, at: int, stored: int, corrects: str | None) -> Made:
    (entity, number), (event_type, fields) = place, told
    account = f"acc-{entity:05d}"
    envelope = {
        "event_id": _event_id(*place),
        "account_id": account,
        "occurred_at": at,
        "source": "bench:1",
        "corrects_event_id": corrects,
    }
    value = _encode(event_type, envelope | fields)
    return Made(number * MOST_ENTITIES + entity, account.encode(), value, stored // 1000)


def _event_id(entity: int, number: int) -> str:
    return f"00000000-0000-4000-8{entity:03d}-{number:012d}"


def _changed(number: int, at: int, variety: int) -> Told:
    state = _subscription("subscription", at, ("team", "business")[variety // 5 % 2], variety)
    if number == 0:
        return "subscription_started", state
    return "subscription_changed", state | {"change_kind": "QUANTITY" if variety % 5 else "PLAN"}


def _one_more(number: int, at: int, variety: int) -> Told:
    return "subscription_started", _subscription(f"subscription-{number}", at, "team", variety)


def _at_once(number: int, _at: int, variety: int) -> Told:
    """One more subscription that begins at the very moment of all others; names come in no order."""
    name = f"subscription-{number * 7_919 % 100_003:06d}"
    return "subscription_started", _subscription(name, BEGIN, "team", variety)


def _subscription(name: str, at: int, plan: str, variety: int) -> dict[str, Any]:
    item = {
        "item_id": "seats",
        "plan_id": plan,
        "product_line": "surveys",
        "quantity": 3 + variety,
        "unit_amount": 1_500,
        "interval": "MONTH",
    }
    times = {"period_start": at, "period_end": at + MONTH, "effective_at": at}
    return {**_MONEY, **times, "subscription_id": name, "status": "ACTIVE", "items": [item]}


def _paid(number: int, at: int, variety: int) -> Told:
    named = {**_MONEY, "invoice_id": "invoice"}
    if number:
        payment = {"payment_id": f"payment-{number}", "amount": 1_000, "paid_at": at, "method": "card"}
        return "invoice_paid", named | payment
    total = _TOTAL + variety
    line = {"line_id": "1", "amount": total, "kind": "SUBSCRIPTION"}
    return "invoice_issued", {**named, "issued_at": at, "due_at": at + MONTH, "total": total, "lines": [line]}


def _corrected(number: int, at: int, variety: int) -> Told:
    if number == 0:
        return _submitted(number, at, variety)
    return "response_corrected", {"response_id": "response", "answers": _answers(variety), "reason": "changed"}


def _submitted(_number: int, at: int, variety: int) -> Told:
    survey = {"survey_id": "relationship", "survey_version": 1, "contact_id": "contact", "channel": "email"}
    return "response_submitted", {
        **survey,
        "response_id": "response",
        "submitted_at": at,
        "finished": True,
        "answers": _answers(variety),
    }


def _answers(variety: int) -> list[dict[str, Any]]:
    return [{"question_id": "recommend", "kind": "NPS", "number": float(variety and 1 + variety % 10)}]


def _answered(number: int, _at: int, variety: int) -> Told:
    if number == 0:
        return "ticket_opened", {"ticket_id": "ticket", "channel": "web" if variety else "email", "priority": "normal"}
    author = {"author_type": "AGENT", "author_id": "kim", "is_public": True}
    return "message_added", {"ticket_id": "ticket", "message_id": str(number), **author}


def _refunded(number: int, at: int, variety: int) -> Told:
    """Refunds of payments that left no credit: each of them may still get some, so its account remembers it."""
    refund = {"refund_id": f"refund-{number}", "payment_id": f"payment-{number}", "refunded_at": at}
    refund["amount"] = 1_000 + variety
    return "payment_refunded", {**_MONEY, **refund}


def _charged_back(number: int, _at: int, variety: int) -> Told:
    """Chargebacks of payments that left no credit."""
    dispute = {"dispute_id": f"dispute-{number}", "payment_id": f"payment-{number}", "amount": 1_000 + variety}
    return "dispute_opened", {**_MONEY, **dispute}


def _credit_used(number: int, at: int, variety: int) -> Told:
    """Invoices that each use a little of the credit that one payment left."""
    if number == 0:
        receipt = {"payment_id": "payment", "amount": _TOTAL + variety, "received_at": at}
        return "payment_received", {**_MONEY, **receipt}
    line = {"line_id": "1", "amount": 1_000, "kind": "SUBSCRIPTION"}
    invoice = {"invoice_id": f"invoice-{number}", "issued_at": at, "due_at": at + MONTH, "total": 1_000}
    return "invoice_issued", {**_MONEY, **invoice, "lines": [line], "credit_applied": 1_000}


def _assigned(number: int, at: int, variety: int) -> Told:
    """Managers of one account, one after the other."""
    return "manager_assigned", {"manager_id": f"manager-{number}-{variety}", "role": "OWNER", "valid_from": at}


def _set(_number: int, _at: int, variety: int) -> Told:
    """One exchange rate, set again and again for the same moment."""
    return "fx_rate_set", {"base": "EUR", "quote": "USD", "rate_micros": 1_100_000 + variety, "valid_from": BEGIN}


def _prepaid(number: int, at: int, variety: int) -> Told:
    """Payments that wait for an invoice, which is issued a century later."""
    if number:
        return _paid(number, at, variety)
    told, fields = _paid(0, at, variety)
    return told, fields | {"issued_at": BEGIN + _CENTURY, "due_at": BEGIN + _CENTURY + MONTH}


def _in_sessions(number: int, at: int, variety: int) -> Told:
    """Replies of one agent, each in a session of its own."""
    told, fields = _answered(number, at, variety)
    return told, fields if number == 0 else fields | {"session_id": f"session-{number}"}


def _by_agents(number: int, at: int, variety: int) -> Told:
    """Replies, each by another agent."""
    told, fields = _answered(number, at, variety)
    return told, fields if number == 0 else fields | {"author_id": f"agent-{number}"}


HISTORIES = (
    History("subscription_changes", "billing", _changed),
    History("account_subscriptions", "billing", _one_more),
    History("moment_subscriptions", "billing", _at_once),
    History("invoice_payments", "billing", _paid),
    History("account_refunds", "billing", _refunded),
    History("account_chargebacks", "billing", _charged_back),
    History("account_credit_uses", "billing", _credit_used),
    History("response_corrections", "survey", _corrected),
    History("response_corrections_by_id", "survey", _submitted, names_the_last=True),
    History("ticket_messages", "support", _answered),
    History("ticket_sessions", "support", _in_sessions),
    History("ticket_agents", "support", _by_agents),
    History("account_managers", "reference", _assigned),
    History("setting_again", "config", _set),
)
GROWING = (History("invoice_prepayments", "billing", _prepaid),)
"""Histories that were thought to grow: `python -m bench.growing` measures these (docs/performance.md)."""
WITH_LATE = frozenset({"subscription_changes"})
"""Histories that are measured once more with one event in LATE_EVERY late."""
