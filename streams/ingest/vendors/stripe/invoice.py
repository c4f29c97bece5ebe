"""Invoices: every event of one tells it as it was finalized, and then what happened to it.

So an invoice is known whichever of its events came through; the same statement again replaces itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.ingest.vendors.stripe.money import currency, micros, payment_of
from streams.ingest.vendors.stripe.subscription import collected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.translate import Event
    from streams.ingest.vendors.fields import Fields
    from streams.ingest.vendors.stripe.sent import Sent

REST = "rest"
"""Line of what the lines that were sent lack to the total: an event has ten lines at most, and test events are odd."""
_REASONS = {
    "subscription_create": "SUBSCRIPTION_START",
    "subscription_cycle": "RENEWAL",
    "subscription_update": "CHANGE",
    "manual": "MANUAL",
}


def invoice(sent: Sent) -> Iterator[Event]:
    """Yield the invoice, if it is no draft any more, and what its event says beside it."""
    thing = sent.thing
    issued = _moment(thing, "finalized_at")
    what = sent.type.rpartition(".")[2]
    if issued is None and (thing.maybe_text("status") == "draft" or what == "updated"):
        return
    if issued is None:
        issued = thing.maybe_whole("date") or thing.whole("created")
    yield _issued(sent, issued)
    named = {"invoice_id": thing.text("id")}
    match what:
        case "paid" | "payment_succeeded":
            yield from _paid(sent, issued)
        case "payment_failed":
            yield _failed(sent, issued)
        case "voided":
            at = sent.not_before(_moment(thing, "voided_at"), issued)
            yield sent.event("invoice_voided", at=at, **named)
        case "marked_uncollectible":
            at = sent.not_before(_moment(thing, "marked_uncollectible_at"), issued)
            yield sent.event("invoice_written_off", at=at, **named)
        case _:
            return


def _moment(thing: Fields, name: str) -> int | None:
    """Return when something became of the invoice; before 2019 the invoice itself said so, or nothing did."""
    return thing.maybe_whole(f"status_transitions.{name}") or thing.maybe_whole(name)


def _issued(sent: Sent, at: int) -> Event:
    thing = sent.thing
    total = thing.whole("total")
    lines = _lines(thing)
    rest = total - sum(line["amount"] for line in lines)
    if lines and rest:
        lines.append({"line_id": REST, "amount": rest})
    return sent.event(
        "invoice_issued",
        at=at,
        invoice_id=thing.text("id"),
        entity_version=sent.version,
        number=thing.maybe_text("number"),
        issued_at=micros(at),
        due_at=micros(thing.maybe_whole("due_date")),
        total=total,
        credit_applied=_credit(thing, total),
        collection_method=collected(thing),
        billing_reason=_REASONS.get(thing.maybe_text("billing_reason") or "", "UNKNOWN"),
        lines=lines,
        **currency(thing),
    )


def _credit(thing: Fields, total: int) -> int:
    """Return what the customer's balance paid: it is below zero where we owe the customer something."""
    before, after = thing.maybe_whole("starting_balance"), thing.maybe_whole("ending_balance")
    if before is None or after is None:
        return 0
    return max(0, min(after - before, total))


def _lines(thing: Fields) -> list[dict[str, Any]]:
    """Return the lines, with tax and discounts in their amounts as the total has them.

    Old versions name a line after its subscription, which two lines may share: they are numbered then.
    """
    lines: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for row in thing.parts("lines.data"):
        name = row.text("id")
        seen[name] = seen.get(name, 0) + 1
        lines.append(_line(row, name if seen[name] == 1 else f"{name}#{seen[name]}"))
    return lines


def _line(row: Fields, line_id: str) -> dict[str, Any]:
    taxes = row.parts("tax_amounts") or row.parts("taxes")
    tax = sum(each.whole("amount") for each in taxes)
    on_top = sum(each.whole("amount") for each in taxes if not _is_within(each))
    discount = sum(each.whole("amount") for each in row.parts("discount_amounts"))
    whose = row.maybe_part("parent.subscription_item_details") or row.maybe_part("parent.invoice_item_details") or row
    item = whose.maybe_reference("subscription_item")
    return {
        "line_id": line_id,
        "subscription_id": whose.maybe_reference("subscription"),
        "item_id": item,
        "amount": row.whole("amount") - discount + on_top,
        "tax": tax,
        "discount": discount,
        "period_start": micros(row.maybe_whole("period.start")),
        "period_end": micros(row.maybe_whole("period.end")),
        "is_proration": whose.flag("proration"),
        "kind": _kind(row),
    }


def _is_within(tax: Fields) -> bool:
    return tax.flag("inclusive") or tax.maybe_text("tax_behavior") == "inclusive"


def _kind(row: Fields) -> str:
    usage = row.maybe_text("price.recurring.usage_type") or row.maybe_text("plan.usage_type")
    if usage == "metered":
        return "USAGE"
    said = row.maybe_text("type") or row.maybe_text("parent.type") or ""
    if said in {"subscription", "subscription_item_details"}:
        return "SUBSCRIPTION"
    return "ONE_OFF" if said in {"invoiceitem", "invoice_item_details"} else "UNKNOWN"


def _paid(sent: Sent, issued: int) -> Iterator[Event]:
    """Yield the payment, if money moved. Where the invoice names none, as since 2025, it goes by the invoice's id."""
    thing = sent.thing
    amount = thing.whole("amount_paid") if "amount_paid" in thing else thing.whole("amount_due")
    if amount == 0:
        return
    at = _moment(thing, "paid_at")
    at = sent.not_before(issued) if at is None else at
    yield sent.event(
        "invoice_paid",
        at=at,
        invoice_id=thing.text("id"),
        payment_id=payment_of(thing) or thing.text("id"),
        amount=amount,
        paid_at=micros(at),
        attempt_no=max(1, thing.maybe_whole("attempt_count") or 1),
        **currency(thing),
    )


def _failed(sent: Sent, issued: int) -> Event:
    thing = sent.thing
    again = thing.maybe_whole("next_payment_attempt")
    open_amount = thing.maybe_whole("amount_remaining")
    return sent.event(
        "invoice_payment_failed",
        at=sent.not_before(issued),
        invoice_id=thing.text("id"),
        payment_id=payment_of(thing),
        attempt_no=max(1, thing.maybe_whole("attempt_count") or 1),
        amount=thing.whole("amount_due") if open_amount is None else open_amount,
        failure_kind="UNKNOWN" if again is None else "SOFT",
        next_retry_at=micros(again),
        **currency(thing),
    )
