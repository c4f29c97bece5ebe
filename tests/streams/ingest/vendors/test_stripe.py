"""Stripe's events, written after its documentation: what each says, in which versions, in whatever order."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import parse
from streams.core.rows_receivable import InvoiceRow
from streams.core.rows_refund import RefundRow
from streams.core.rows_subscription import SubscriptionHistoryRow
from streams.ingest.raw import Raw
from streams.ingest.translate import Event
from streams.ingest.vendors.model import AccountRules, Instance, NotUnderstoodError
from streams.ingest.vendors.stripe import translate
from streams.ingest.vendors.stripe.discounts import _shared
from tests.support.machine import figures, run

CODEC = Codec()
MAIN = Instance("stripe", "main", AccountRules("account", {"cus_9": "bolt"}, {"acme.example": "acme"}))
AT, LATER = 1_700_000_000, 1_800_000_000_000_000
MONTH = 2_592_000


def told(kind: str, thing: dict[str, Any], at: int = AT, **more: Any) -> dict[str, Any]:
    before = more.pop("before", None)
    data = {"object": thing, **({"previous_attributes": before} if before is not None else {})}
    number = more.pop("id", f"evt_{kind}_{thing['id']}_{at}")
    return {"id": number, "type": kind, "created": at, "livemode": True, "data": data, **more}


def events(*deliveries: dict[str, Any]) -> list[Event]:
    made = [translate(Raw("main", each["id"], 0, {}, json.dumps(each).encode()), MAIN).events for each in deliveries]
    return [event for several in made for event in several]


def recorded(*deliveries: dict[str, Any]) -> list[RecordedEvent]:
    found = [parse(*CODEC.decode_array(CODEC.encode(each.type, each.fields))) for each in events(*deliveries)]
    assert [check(each, each.account_id.encode(), LATER) for each in found] == [None] * len(found)
    return [RecordedEvent(each, LATER) for each in found]


def item(number: int = 1, amount: int | None = 2_000, **more: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    price = {
        "id": f"price_{number}",
        "currency": "usd",
        "unit_amount": amount,
        "product": "prod_1",
        "recurring": recurring,
    }
    return {"id": f"si_{number}", "quantity": 2, "price": {**price, **more.pop("price", {})}, **more}


def subscription(**more: Any) -> dict[str, Any]:
    items = more.pop("items", [item()])
    thing = {"id": "sub_1", "customer": "cus_1", "status": "active", "created": AT, "start_date": AT}
    period = {"current_period_start": AT, "current_period_end": AT + MONTH}
    return {**thing, **period, "items": {"data": items}, "collection_method": "send_invoice", **more}


def invoice(**more: Any) -> dict[str, Any]:
    line = {"id": "il_1", "amount": 4_000, "subscription": "sub_1", "subscription_item": "si_1", "type": "subscription"}
    thing = {"id": "in_1", "customer": "cus_1", "currency": "usd", "created": AT, "status": "open", "total": 4_000}
    sums = {"amount_due": 4_000, "amount_paid": 0, "amount_remaining": 4_000, "due_date": AT + MONTH}
    moments = {"finalized_at": AT, **more.pop("moments", {})}
    return {**thing, **sums, "lines": {"data": [line]}, "status_transitions": moments, "payment_intent": "pi_1", **more}


def refund(**more: Any) -> dict[str, Any]:
    thing = {"id": "re_1", "amount": 1_500, "currency": "usd", "created": AT + 9, "status": "succeeded"}
    return {**thing, "charge": "ch_1", "payment_intent": "pi_1", "reason": "duplicate", **more}


CANCELLED = {"cancel_at_period_end": True, "canceled_at": AT + 70}
PAID = {"status": "paid", "amount_paid": 4_000, "amount_remaining": 0, "moments": {"paid_at": AT + 8}}
STORY = [
    told("customer.subscription.created", subscription()),
    told("customer.subscription.updated", subscription(items=[item(quantity=5)]), AT + 60, before={"quantity": 2}),
    told("customer.subscription.updated", subscription(**CANCELLED), AT + 70, before={"cancel_at_period_end": False}),
    told("customer.subscription.updated", subscription(), AT + 80, before=CANCELLED),
    told("customer.subscription.deleted", subscription(status="canceled", ended_at=AT + 90), AT + 90),
    told("invoice.finalized", invoice()),
    told("invoice.payment_failed", invoice(attempt_count=1, next_payment_attempt=AT + 7), AT + 5),
    told("invoice.paid", invoice(**PAID), AT + 8),
    told("invoice.payment_succeeded", invoice(**PAID), AT + 9),
    told("refund.created", refund(), AT + 9),
    told(
        "charge.refunded",
        {"id": "ch_1", "payment_intent": "pi_1", "customer": "cus_1", "refunds": {"data": [refund()]}},
        AT + 9,
    ),
    told("refund.failed", refund(status="failed", failure_reason="lost_or_stolen_card"), AT + 20),
]


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=6))
def test_no_order_and_no_repetition_shows(order: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
    """Stripe promises neither, and sends one change as two types."""
    assert figures(run(recorded(*order, *again))) == figures(run(recorded(*STORY)))


def test_the_story_is_what_the_tables_say() -> None:
    """Paid twice told is paid once, refunded twice told is refunded once, and what was scheduled was taken back."""
    tables = run(recorded(*STORY)).tables.values()
    (paid,) = (row for row in tables if isinstance(row, InvoiceRow))
    assert (paid.status, paid.open_micros) == ("paid", 0)
    (given_back,) = (row for row in tables if isinstance(row, RefundRow))
    assert (given_back.status, given_back.payment_id) == ("failed", "pi_1")
    spans = sorted((row for row in tables if isinstance(row, SubscriptionHistoryRow)), key=lambda row: row.valid_from)
    assert [row.status for row in spans][-1] == "ENDED"
    assert len({event.fields["event_id"] for event in events(*STORY) if event.type == "payment_refunded"}) == 1


def test_an_event_of_tests_is_no_money_and_one_that_does_not_say_is_not_guessed() -> None:
    """Test traffic in figures is the mistake that nobody notices."""
    assert all(each.fields["is_test"] for each in events(told("invoice.finalized", invoice(), livemode=False)))
    with pytest.raises(NotUnderstoodError, match="livemode"):
        events(told("invoice.finalized", invoice(), livemode=None))


def test_every_version_says_the_same_invoice() -> None:
    """Fields have moved in 2019 and 2025; what they say has not."""
    known = events(told("invoice.finalized", invoice(), id="e"))
    old = invoice(finalized_at=AT, billing="send_invoice")
    del old["status_transitions"]
    details = {"subscription": "sub_1", "subscription_item": "si_1", "proration": False}
    parent = {"type": "subscription_item_details", "subscription_item_details": details}
    new = invoice(collection_method="send_invoice", lines={"data": [{"id": "il_1", "amount": 4_000, "parent": parent}]})
    now = events(told("invoice.finalized", invoice(collection_method="send_invoice"), id="e"))
    assert events(told("invoice.finalized", old, id="e")) == now
    assert events(told("invoice.finalized", new, id="e")) == now
    assert known[0].fields["lines"] == now[0].fields["lines"]


def test_every_version_says_the_same_subscription() -> None:
    """A plan became a price in 2020, and periods became the items' in 2025."""
    known = events(told("customer.subscription.created", subscription(), id="e"))
    plan = {"id": "price_1", "currency": "usd", "amount": 2_000, "product": "prod_1", "interval": "month"}
    old = subscription(items=[{"id": "si_1", "quantity": 2, "plan": plan}], billing="send_invoice")
    del old["collection_method"], old["start_date"]
    assert events(told("customer.subscription.created", old, id="e")) == known
    new = subscription(items=[item(current_period_start=AT, current_period_end=AT + MONTH)])
    del new["current_period_start"], new["current_period_end"]
    assert events(told("customer.subscription.created", new, id="e")) == known


def test_a_subscription_begins_once_its_first_payment_has_come_through() -> None:
    """Revenue of somebody who never paid would be revenue that never was."""
    assert not events(told("customer.subscription.created", subscription(status="incomplete")))
    (begun,) = events(told("customer.subscription.updated", subscription(), AT + 3, before={"status": "incomplete"}))
    assert (begun.type, begun.fields["effective_at"]) == ("subscription_started", AT * 1_000_000)


def test_lines_have_tax_and_discounts_as_the_total_has_them() -> None:
    """Tax on top is asked for, tax within is not asked for again; what ten lines do not show is the rest."""
    line = {"id": "il_1", "amount": 1_000, "discount_amounts": [{"amount": 100}]}
    taxes = [{"amount": 171, "inclusive": False}, {"amount": 50, "inclusive": True}]
    (issued,) = events(
        told("invoice.finalized", invoice(total=1_200, lines={"data": [{**line, "tax_amounts": taxes}]}))
    )
    amounts = [(each["line_id"], each["amount"]) for each in issued.fields["lines"]]
    assert amounts == [("il_1", 1_071), ("rest", 129)]
    assert (issued.fields["lines"][0]["tax"], issued.fields["lines"][0]["discount"]) == (221, 100)


def test_credit_of_the_customer_is_told_as_such() -> None:
    """Else the invoice would stay open by what was settled."""
    (issued,) = events(told("invoice.finalized", invoice(starting_balance=-1_500, ending_balance=0)))
    assert issued.fields["credit_applied"] == 1_500


def test_prices_keep_their_parts_of_a_cent() -> None:
    """Rounded to cents, a price of 0.0025 would be nothing."""
    fine = item(1, None, price={"unit_amount_decimal": "0.25"})
    (begun,) = events(told("customer.subscription.created", subscription(items=[item(), fine | {"id": "si_2"}])))
    assert begun.fields["exponent"] == 4
    assert [each["unit_amount"] for each in begun.fields["items"]] == [200_000, 25]
    yen = item(1, 900, price={"currency": "jpy"})
    (begun,) = events(told("customer.subscription.created", subscription(items=[yen])))
    assert (begun.fields["exponent"], begun.fields["currency"]) == (0, "JPY")


def test_tiers_wait_and_discounts_by_id_are_counted() -> None:
    """What an event does not tell is not guessed: not as nothing, and not as a price of zero."""
    with pytest.raises(NotUnderstoodError) as refused:
        events(told("customer.subscription.created", subscription(items=[item(1, None)])))
    assert refused.value.reason == "tiered_price"
    body = json.dumps(told("customer.subscription.created", subscription(discounts=["di_1"]))).encode()
    found = translate(Raw("main", "e", 0, {}, body), MAIN)
    assert (len(found.events), found.unmapped) == (1, ("customer.subscription.created with a discount by its id",))


def test_discounts_are_each_items() -> None:
    """The contract has discounts by item; Stripe has them by subscription, and by item."""
    whole = {"id": "di_1", "coupon": {"duration": "forever", "percent_off": 12.5}, "end": None}
    off = {"id": "di_2", "coupon": {"duration": "repeating", "amount_off": 101}, "end": AT + MONTH}
    thing = subscription(items=[item(1), item(2, 1_000)], discount=whole, discounts=[whole, off])
    (begun,) = events(told("customer.subscription.created", thing))
    told_of = [[(each["kind"], each["value"]) for each in row["discounts"]] for row in begun.fields["items"]]
    assert told_of == [[("PERCENT", 1_250), ("AMOUNT", 67)], [("PERCENT", 1_250), ("AMOUNT", 34)]]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_an_amount_is_shared_to_the_last_unit(off: int, charges: list[int]) -> None:
    """A cent that is lost in sharing is a cent that revenue does not add up by."""
    assert sum(_shared(off, charges)) == off


def test_one_customer_has_one_key_and_rules_are_told_as_links() -> None:
    """A subscription under one account and its invoice under another would part a customer's money."""
    customer = {"id": "cus_1", "email": "jane@acme.example", "metadata": {}}
    (linked,) = events(told("customer.created", customer))
    assert (linked.type, linked.fields["account_id"], linked.fields["external_id"]) == (
        "account_linked",
        "acme",
        "cus_1",
    )
    moved = {**customer, "metadata": {"account": "bolt"}}
    parted = events(told("customer.updated", moved, AT + 1, before={"metadata": {"account": None}}))
    assert [(each.type, each.fields["account_id"]) for each in parted] == [
        ("account_unlinked", "acme"),
        ("account_linked", "bolt"),
    ]
    assert not events(told("customer.updated", customer, AT + 2, before={"balance": 3}))
    keys = {each.fields["account_id"] for each in events(*STORY[:9])}
    assert keys == {"stripe:cus_1"}
    listed = events(told("invoice.finalized", invoice(customer={"id": "cus_9"})))
    assert listed[0].fields["account_id"] == "bolt"
    assert not events(told("customer.created", {"id": "cus_9", "metadata": {"account": "acme"}}))


def test_a_refund_stands_under_its_payment_whoever_tells_of_it() -> None:
    """It names no customer; the charge that does links the payment's key instead of moving the refund."""
    alone = events(told("refund.created", refund()))
    (listed, link) = events(STORY[10])
    assert alone == [listed]
    assert listed.fields["account_id"] == "stripe:pi_1"
    told_of = (link.type, link.fields["account_id"], link.fields["external_id"])
    assert told_of == ("account_linked", "stripe:cus_1", "pi_1")


def test_a_credit_note_that_is_voided_is_taken_back() -> None:
    """Else an invoice would stay smaller by paper that no longer holds."""
    note = {"id": "cn_1", "customer": "cus_1", "invoice": "in_1", "amount": 500, "currency": "usd", "created": AT}
    issued, voided = recorded(told("credit_note.created", note), told("credit_note.voided", note, AT + 5))
    assert (voided.event.corrects_event_id, voided.event.is_retraction) == (issued.event.event_id, True)
    invoiced = recorded(told("invoice.finalized", invoice()))
    assert [
        row.open_micros for row in run([*invoiced, issued, voided]).tables.values() if isinstance(row, InvoiceRow)
    ] == [40_000_000]


def test_disputes_end_and_inquiries_are_none() -> None:
    """A bank that asks has taken no money."""
    thing = {"id": "dp_1", "charge": "ch_1", "amount": 900, "currency": "usd", "created": AT, "status": "lost"}
    opened, closed = events(told("charge.dispute.closed", thing, AT + 5))
    assert (opened.type, closed.type, closed.fields["outcome"]) == ("dispute_opened", "dispute_closed", "LOST")
    assert not events(told("charge.dispute.created", {**thing, "status": "warning_needs_response"}))
