"""What a real source sends: whole objects in whole seconds, in no order and more than once, some of them odd.

The samples are not part of this repository; the shapes that they have are translated here, field by field.
"""

import json
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import Event, parse
from streams.core.rows_receivable import InvoiceRow
from streams.core.rows_refund import RefundRow
from streams.core.rows_subscription import MrrMovementRow, SubscriptionHistoryRow
from tests.support.machine import Machine, figures, run

pytestmark = pytest.mark.real_data
FOLDER = Path(os.environ.get("CX_REAL_DATA", "")) / "webhook_samples" / "stripe"
LATER = 1_800_000_000_000_000
STATUSES = {"active": "ACTIVE", "trialing": "TRIALING", "past_due": "PAST_DUE", "canceled": "ENDED"}
CODEC = Codec()
SUBSCRIPTIONS = [f"sub_fakefakefakefakefake000{number}" for number in (1, 2, 3, 4)]
INVOICES = [f"in_fakefakefakefakefake000{number}" for number in (1, 4)]
CENT = 10_000
"""Millionths."""


def sample(name: str) -> dict[str, Any]:
    """An object as it is sent, without the envelope that some have."""
    file = FOLDER / f"{name}.json"
    if not file.is_file():
        pytest.skip("no webhook_samples/stripe under CX_REAL_DATA")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found["data"]["object"] if found["object"] == "event" else found


def event(kind: str, thing: dict[str, Any], at: int, **fields: Any) -> Event:
    """The event as it arrives: through the codec, so that a field of another type would show."""
    told = {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{thing['id']}/{at}")),
        "account_id": thing.get("customer") or "unresolved",
        "occurred_at": at,
        "source": "stripe:main",
        **fields,
    }
    return parse(*CODEC.decode_array(CODEC.encode(kind, told)))


def seconds(when: int) -> int:
    return when * 1_000_000


def money(thing: dict[str, Any]) -> dict[str, Any]:
    return {"currency": thing["currency"].upper(), "exponent": 2}


def subscription(kind: str, thing: dict[str, Any]) -> Event:
    items = [
        {
            "item_id": item["id"],
            "plan_id": item["plan"]["id"],
            "quantity": item["quantity"],
            "unit_amount": item["plan"]["amount"],
            "interval": item["plan"]["interval"].upper(),
            "interval_count": item["plan"]["interval_count"],
        }
        for item in thing["items"]["data"]
    ]
    start, end = seconds(thing["current_period_start"]), seconds(thing["current_period_end"])
    state = {"status": STATUSES[thing["status"]], "items": items, "period_start": start, "period_end": end}
    told = {**state, **money(thing["items"]["data"][0]["plan"]), "effective_at": start}
    return event(kind, thing, start, subscription_id=thing["id"], **told)


def issued(thing: dict[str, Any], *, rounded: bool = True) -> Event:
    """An invoice; `rounded` states what its lines lack as a line, as the contract asks for."""
    data = thing["lines"].get("data", [])
    lines = [{"line_id": line["id"], "amount": line["amount"]} for line in data]
    rest = thing["total"] - sum(line["amount"] for line in lines)
    if lines and rest and rounded:
        lines.append({"line_id": "rounding", "amount": rest})
    at = seconds(thing.get("status_transitions", thing)["finalized_at"])
    due = None if thing["due_date"] is None else seconds(thing["due_date"])
    facts = {"issued_at": at, "due_at": due, "total": thing["total"], "lines": lines, **money(thing)}
    return event("invoice_issued", thing, at, invoice_id=thing["id"], **facts)


def paid(thing: dict[str, Any]) -> Event:
    at = seconds(thing["status_transitions"]["paid_at"])
    facts = {"payment_id": thing["charge"], "amount": thing["amount_paid"], "paid_at": at, **money(thing)}
    return event("invoice_paid", thing, at, invoice_id=thing["id"], **facts)


def events() -> Iterator[Event]:
    """Everything that the samples tell of which the contract has a word for."""
    for number in (1, 2, 3, 4):
        yield subscription(
            "subscription_started", sample(f"dj-stripe/subscription_sub_fakefakefakefakefake000{number}")
        )
    yield subscription("subscription_changed", sample("zulip/customer_subscription_updated"))
    for number in INVOICES:
        invoice = sample(f"dj-stripe/invoice_{number}")
        yield issued(invoice)
        yield paid(invoice)
    lost = sample("zulip/invoice_marked_uncollectible")
    yield issued(lost)
    yield event("invoice_written_off", lost, seconds(lost["due_date"]), invoice_id=lost["id"])
    refund = sample("zulip/charge_refund_updated")
    at, facts = (
        seconds(refund["created"]),
        {"payment_id": refund["charge"], "amount": refund["amount"], **money(refund)},
    )
    yield event("payment_refunded", refund, at, refund_id=refund["id"], refunded_at=at, **facts)
    yield event("refund_failed", refund, at, refund_id=refund["id"], failure_code=refund["failure_reason"])
    dispute = sample("dj-stripe/dispute_dp_fakefakefakefake01")
    at, facts = seconds(dispute["created"]), {"amount": dispute["amount"], **money(dispute)}
    yield event("dispute_opened", dispute, at, dispute_id=dispute["id"], payment_id=dispute["charge"], **facts)


def recorded_events() -> list[RecordedEvent]:
    return [RecordedEvent(each, LATER) for each in events()]


def rows(machine: Machine, kind: type[Any]) -> list[Any]:
    return [row for row in machine.tables.values() if isinstance(row, kind)]


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    for each in events():
        assert check(each, each.account_id.encode(), LATER) is None, each


def test_lines_that_do_not_add_up_are_refused_until_the_difference_is_a_line() -> None:
    """A line of 9.99 under a total of 10.00 is what a real source sends; nobody guesses where the cent belongs."""
    lost = sample("zulip/invoice_marked_uncollectible")
    refused = check(issued(lost, rounded=False), lost["customer"].encode(), LATER)
    assert refused == ("invalid_field", "the lines add up to 999, the total is 1000")


def test_a_failed_attempt_of_nothing_is_refused() -> None:
    """The sample of a failed payment asks for 0: no volume has failed."""
    failed = sample("zulip/invoice_payment_failed")
    told = event(
        "invoice_payment_failed", failed, seconds(failed["date"]), invoice_id=failed["id"], amount=0, **money(failed)
    )
    refused = check(told, failed["customer"].encode(), LATER)
    assert refused is not None
    assert refused[0] == "invalid_field"


@given(st.data())
def test_no_order_and_no_repetition_shows(data: st.DataObject) -> None:
    """Sources promise neither; objects of one second have no order of their own at all."""
    told = recorded_events()
    again = data.draw(st.lists(st.sampled_from(told), max_size=8))
    assert figures(run(data.draw(st.permutations(told + again)))) == figures(run(told))


def test_the_tables_say_what_the_objects_say() -> None:
    """Prices, balances and states are those of the source, to the cent."""
    machine = run(recorded_events())
    paying: defaultdict[str, int] = defaultdict(int)
    for row in rows(machine, MrrMovementRow):
        paying[row.account_id] += row.amount_micros if row.policy == "cxledger" else 0
    monthly: defaultdict[str, int] = defaultdict(int)
    for number in SUBSCRIPTIONS:
        thing = sample(f"dj-stripe/subscription_{number}")
        monthly[thing["customer"]] += sum(item["plan"]["amount"] * item["quantity"] for item in thing["items"]["data"])
    assert paying == {account: amount * CENT for account, amount in monthly.items()}
    assert {row.status for row in rows(machine, SubscriptionHistoryRow)} == {"ACTIVE", "TRIALING"}
    balances = {row.invoice_id: (row.status, row.total_micros, row.open_micros) for row in rows(machine, InvoiceRow)}
    settled = [sample(f"dj-stripe/invoice_{number}") for number in INVOICES]
    lost = sample("zulip/invoice_marked_uncollectible")
    assert balances == {
        **{each["id"]: ("paid", each["total"] * CENT, each["amount_remaining"] * CENT) for each in settled},
        lost["id"]: ("written_off", lost["total"] * CENT, 0),
    }
    (refund,) = rows(machine, RefundRow)
    told = sample("zulip/charge_refund_updated")
    assert (refund.status, refund.amount_micros) == (told["status"], told["amount"] * CENT)
    assert refund.currency == told["currency"].upper()
