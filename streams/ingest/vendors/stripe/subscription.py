"""Subscriptions: each event has the whole object, so each is told as a whole state, with its cancellation beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.stripe.discounts import discounts_of
from streams.ingest.vendors.stripe.money import common_exponent, exponent_of, micros, unit_price

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.translate import Event
    from streams.ingest.vendors.fields import Fields
    from streams.ingest.vendors.stripe.sent import Sent

_STATUSES = {
    "trialing": "TRIALING",
    "active": "ACTIVE",
    "past_due": "PAST_DUE",
    "unpaid": "UNPAID",
    "paused": "PAUSED",
}
_NEVER_BEGAN = frozenset({"incomplete", "incomplete_expired"})
_INTERVALS = {"day": "DAY", "week": "WEEK", "month": "MONTH", "year": "YEAR"}
_COLLECTED = {"charge_automatically": "CHARGE_AUTOMATICALLY", "send_invoice": "SEND_INVOICE"}
_ENDED_FOR = {
    "cancellation_requested": "VOLUNTARY",
    "payment_failed": "PAYMENT_FAILURE",
    "payment_disputed": "OTHER",
    "canceled_by_retention_policy": "OTHER",
}
_NOT_COLLECTED = frozenset({"void", "mark_uncollectible"})
"""What becomes of invoices while collection is paused: drafts that are kept are still to be paid."""
_CHANGES = (
    ("status", "STATUS"),
    ("plan", "PLAN"),
    ("quantity", "QUANTITY"),
    ("discount", "DISCOUNT"),
    ("discounts", "DISCOUNT"),
    ("trial_end", "TERM"),
    ("cancel_at", "TERM"),
    ("cancel_at_period_end", "TERM"),
    ("billing_cycle_anchor", "TERM"),
)
_RENEWED = frozenset({"current_period_start", "current_period_end", "latest_invoice"})


def collected(thing: Fields) -> str:
    """Return how money is asked for; until 2019 the field was called `billing`."""
    said = thing.maybe_text("collection_method") or thing.maybe_text("billing")
    return _COLLECTED.get(said or "", "UNKNOWN")


def subscription(sent: Sent) -> Iterator[Event]:
    """Yield the state of a subscription, and what is agreed about its end.

    A first payment that has not come through yet begins nothing: the subscription starts once it has.
    """
    thing = sent.thing
    status = thing.text("status")
    if status in _NEVER_BEGAN:
        return
    if status == "canceled":
        yield _ended(sent)
        return
    begins = sent.type.endswith(".created") or sent.before.maybe_text("status") in _NEVER_BEGAN
    began = thing.maybe_whole("start_date") or thing.whole("created")
    at = began if begins else sent.created
    yield sent.event(
        "subscription_started" if begins else "subscription_changed",
        at=sent.not_before(began) if begins else None,
        subscription_id=thing.text("id"),
        entity_version=sent.version,
        effective_at=micros(at),
        **({} if begins else {"change_kind": _change(sent)}),
        **_state(thing, _status(thing, status)),
    )
    yield from _cancellation(sent)


def _status(thing: Fields, status: str) -> str:
    if thing.maybe_text("pause_collection.behavior") in _NOT_COLLECTED:
        return "PAUSED"
    if status not in _STATUSES:
        raise NotUnderstoodError("odd_field", "data.object.status is none that is known")
    return _STATUSES[status]


def _state(thing: Fields, status: str) -> dict[str, Any]:
    rows = thing.parts("items.data")
    if not rows:
        raise NotUnderstoodError("missing_field", "items.data has no item")
    code = (rows[0].maybe_text("price.currency") or rows[0].text("plan.currency")).upper()
    priced = [_price(row) for row in rows]
    exponent = common_exponent(priced, exponent_of(code))
    scale = 10**exponent // 10 ** exponent_of(code)
    items = [_item(row, int(price * scale)) for row, price in zip(rows, priced, strict=True)]
    for item, discounts in zip(items, discounts_of(thing, rows, items, scale), strict=True):
        item["discounts"] = discounts
    start, end = _period(thing, rows)
    return {
        "status": status,
        "items": items,
        "currency": code,
        "exponent": exponent,
        "period_start": start,
        "period_end": end,
        "trial_ends_at": micros(thing.maybe_whole("trial_end")),
        "collection_method": collected(thing),
    }


def _terms(row: Fields) -> Fields:
    """Return what says the price of an item: its price, which came in 2020, or its plan, which every version has."""
    return row.maybe_part("price") or row.part("plan")


def _is_metered(row: Fields) -> bool:
    terms = _terms(row)
    return (terms.maybe_text("recurring.usage_type") or terms.maybe_text("usage_type")) == "metered"


def _price(row: Fields) -> Decimal:
    """Return the price of a unit in minor units. Raises NotUnderstoodError for tiers: an event does not list them."""
    price = unit_price(_terms(row))
    if price is not None:
        return price
    if _is_metered(row):
        return Decimal(0)
    raise NotUnderstoodError("tiered_price", "an item has a price in tiers, which the event does not list")


def _item(row: Fields, unit_amount: int) -> dict[str, Any]:
    terms = _terms(row)
    every = terms.maybe_part("recurring") or terms
    return {
        "item_id": row.text("id"),
        "plan_id": terms.text("id"),
        "product_line": terms.maybe_reference("product"),
        "quantity": 1 if (quantity := row.maybe_whole("quantity")) is None else quantity,
        "unit_amount": unit_amount,
        "interval": _INTERVALS.get(every.text("interval"), "UNKNOWN"),
        "interval_count": every.maybe_whole("interval_count") or 1,
        "is_metered": _is_metered(row),
    }


def _period(thing: Fields, rows: list[Fields]) -> tuple[int | None, int | None]:
    """Return the period; since 2025 each item has its own, and the widest of them is told."""
    if "current_period_start" in thing:
        return micros(thing.whole("current_period_start")), micros(thing.whole("current_period_end"))
    starts = [row.whole("current_period_start") for row in rows]
    ends = [row.whole("current_period_end") for row in rows]
    return micros(min(starts)), micros(max(ends))


def _change(sent: Sent) -> str:
    """Return what a change was about, by the fields that had other values before."""
    names = set(sent.before.plain())
    if "items" in names:
        was, now = _contents(sent.before), _contents(sent.thing)
        if was != now:
            return "QUANTITY" if {each[:2] for each in was} == {each[:2] for each in now} else "PLAN"
        names = names - {"items"} | {"current_period_start"}  # periods of items have moved, and nothing else of them
    if "current_period_start" in names and names <= _RENEWED:
        return "RENEWAL"
    return next((kind for name, kind in _CHANGES if name in names), "UNKNOWN")


def _contents(thing: Fields) -> set[tuple[str, str, int | None]]:
    rows = thing.parts("items.data")
    return {(row.text("id"), _terms(row).text("id"), row.maybe_whole("quantity")) for row in rows}


def _end_of(thing: Fields) -> int | None:
    """Return when a cancellation takes effect that was agreed, in seconds."""
    if (at := thing.maybe_whole("cancel_at")) is not None:
        return at
    if not thing.flag("cancel_at_period_end"):
        return None
    _, end = _period(thing, thing.parts("items.data"))
    return None if end is None else end // 1_000_000


def _cancellation(sent: Sent) -> Iterator[Event]:
    """Yield a cancellation to come; that none is agreed is told where there was one before."""
    thing, before = sent.thing, sent.before
    ends_at = _end_of(thing)
    named: dict[str, Any] = {"subscription_id": thing.text("id"), "entity_version": sent.version}
    if ends_at is not None:
        asked = min(thing.maybe_whole("canceled_at") or sent.created, ends_at)
        told = {"effective_at": micros(asked), "ends_at": micros(ends_at), **_reason(thing)}
        yield sent.event("subscription_cancel_scheduled", **named, **told)
    elif before.flag("cancel_at_period_end") or before.maybe_whole("cancel_at") is not None:
        yield sent.event("subscription_cancel_unscheduled", **named, effective_at=micros(sent.created))


def _ended(sent: Sent) -> Event:
    thing = sent.thing
    at = thing.maybe_whole("ended_at") or thing.maybe_whole("canceled_at") or sent.created
    return sent.event(
        "subscription_ended",
        at=sent.not_before(at),
        subscription_id=thing.text("id"),
        entity_version=sent.version,
        effective_at=micros(at),
        **_reason(thing),
    )


def _reason(thing: Fields) -> dict[str, Any]:
    """Return why; of the customer's words only the choice is kept, for a comment may hold anything."""
    reason = thing.maybe_text("cancellation_details.reason")
    return {
        "reason": _ENDED_FOR.get(reason or "", "UNKNOWN"),
        "reason_text": thing.maybe_text("cancellation_details.feedback"),
    }
