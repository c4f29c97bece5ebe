"""What a real source sends: whole objects in whole seconds, in no order and more than once, some of them odd.

The samples are not part of this repository. Some are events; the others are objects, which are put into events here as
Stripe would send them.
"""

import json
import os
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
from streams.core.rows_refund import DisputeRow, RefundRow
from streams.core.rows_subscription import MrrMovementRow, SubscriptionHistoryRow
from streams.ingest.raw import Raw
from streams.ingest.vendors.model import Instance, Translation
from streams.ingest.vendors.stripe import translate
from tests.support.machine import Machine, figures, run

pytestmark = pytest.mark.real_data
FOLDER = Path(os.environ.get("CX_REAL_DATA", "")) / "webhook_samples" / "stripe"
LATER = 1_800_000_000_000_000
MAIN = Instance("stripe", "main")
CODEC = Codec()
SUBSCRIPTIONS = [f"sub_fakefakefakefakefake000{number}" for number in (1, 2, 3, 4)]
INVOICES = [f"in_fakefakefakefakefake000{number}" for number in (1, 4)]
CENT = 10_000
"""Millionths."""


def sample(name: str) -> dict[str, Any]:
    file = FOLDER / f"{name}.json"
    if not file.is_file():
        pytest.skip("no webhook_samples/stripe under CX_REAL_DATA")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def resource(name: str) -> dict[str, Any]:
    """An object of the newest version, as Stripe's own mock server has it."""
    found: dict[str, Any] = sample("stripe-mock_resources")[name]
    return found


def wrapped(kind: str, thing: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """An event of an object, as its version would send it; real money, so that figures count it."""
    at = thing["created"]
    return {
        "id": f"evt_{thing['id']}",
        "type": kind,
        "created": at,
        "livemode": True,
        "data": {"object": thing},
        **rest,
    }


def translated(told: dict[str, Any]) -> Translation:
    return translate(Raw("main", told["id"], LATER, {}, json.dumps(told).encode()), MAIN)


def checked(told: dict[str, Any]) -> list[Event]:
    """The events as they arrive: through the codec, so that a field of another type would show."""
    made = translated({**told, "livemode": True}).events
    return [parse(*CODEC.decode_array(CODEC.encode(each.type, each.fields))) for each in made]


def deliveries() -> Iterator[dict[str, Any]]:
    """Every sample that says something a customer's figures are made of."""
    for name in SUBSCRIPTIONS:
        yield wrapped("customer.subscription.created", sample(f"dj-stripe/subscription_{name}"))
    yield sample("zulip/customer_subscription_updated")
    for name in INVOICES:
        yield wrapped("invoice.paid", sample(f"dj-stripe/invoice_{name}"))
    yield sample("zulip/invoice_marked_uncollectible")
    yield sample("zulip/charge_refund_updated")
    yield wrapped("charge.dispute.created", sample("dj-stripe/dispute_dp_fakefakefakefake01"))
    reinstated = sample("dj-stripe/dispute_dp_funds_reinstated_full")
    yield wrapped("charge.dispute.funds_reinstated", reinstated, id="evt_back", created=reinstated["created"] + 68)
    yield wrapped("charge.refunded", sample("dj-stripe/charge_ch_fakefakefakefakefake0001"))
    yield wrapped("customer.created", sample("dj-stripe/customer_cus_4UbFSo9tl62jqj"))


def recorded_events() -> list[RecordedEvent]:
    return [RecordedEvent(each, LATER) for told in deliveries() for each in checked(told)]


def rows(machine: Machine, kind: type[Any]) -> list[Any]:
    return [row for row in machine.tables.values() if isinstance(row, kind)]


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    for each in recorded_events():
        assert check(each.event, each.event.account_id.encode(), LATER) is None, each


def test_lines_that_do_not_add_up_get_the_difference_as_a_line() -> None:
    """A line of 9.99 under a total of 10.00 is what a real source sends; nobody guesses where the cent belongs."""
    issued, _ = translated(sample("zulip/invoice_marked_uncollectible")).events
    assert [(line["line_id"], line["amount"]) for line in issued.fields["lines"]] == [
        ("sli_00000000000000", 999),
        ("rest", 1),
    ]


def test_a_failed_attempt_of_nothing_is_refused() -> None:
    """The sample of a failed payment, of 2016, asks for 0: no volume has failed."""
    _, failed = checked(sample("zulip/invoice_payment_failed"))
    refused = check(failed, failed.account_id.encode(), LATER)
    assert refused is not None
    assert refused[0] == "invalid_field"


def test_objects_of_the_newest_version_are_understood() -> None:
    """Since 2025 periods are an item's, and what an invoice is of stands under `parent`."""
    (changed, ends) = checked(wrapped("customer.subscription.updated", resource("subscription")))
    item = resource("subscription")["items"]["data"][0]
    assert changed.period_start == item["current_period_start"] * 1_000_000  # type: ignore[union-attr]
    assert ends.EVENT_TYPE == "subscription_cancel_scheduled"
    done = {**resource("invoice"), "status": "paid", "amount_paid": 1000}
    done["status_transitions"] = {"finalized_at": done["created"], "paid_at": done["created"]}
    issued, paid = checked(wrapped("invoice.paid", done))
    assert [line.item_id for line in issued.lines] == ["subscription_item"]  # type: ignore[union-attr]
    assert paid.payment_id == done["id"]  # type: ignore[union-attr]
    (noted,) = checked(wrapped("credit_note.created", resource("credit_note")))
    assert noted.amount == resource("credit_note")["amount"]  # type: ignore[union-attr]
    inquiry = translated(wrapped("charge.dispute.created", resource("dispute")))
    assert inquiry == Translation(unmapped=("charge.dispute.created of an inquiry",))
    assert translated(resource("event")) == Translation(unmapped=("plan.created",))


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
    for name in SUBSCRIPTIONS:
        thing = sample(f"dj-stripe/subscription_{name}")
        amounts = (item["plan"]["amount"] * item["quantity"] for item in thing["items"]["data"])
        monthly[f"stripe:{thing['customer']}"] += sum(amounts)
    assert paying == {account: amount * CENT for account, amount in monthly.items()}
    assert {row.status for row in rows(machine, SubscriptionHistoryRow)} == {"ACTIVE", "TRIALING"}
    balances = {row.invoice_id: (row.status, row.total_micros, row.open_micros) for row in rows(machine, InvoiceRow)}
    settled = [sample(f"dj-stripe/invoice_{name}") for name in INVOICES]
    lost = sample("zulip/invoice_marked_uncollectible")["data"]["object"]
    assert balances == {
        **{each["id"]: ("paid", each["total"] * CENT, each["amount_remaining"] * CENT) for each in settled},
        lost["id"]: ("written_off", lost["total"] * CENT, 0),
    }
    (refund,) = rows(machine, RefundRow)
    told = sample("zulip/charge_refund_updated")["data"]["object"]
    assert (refund.status, refund.amount_micros) == (told["status"], told["amount"] * CENT)
    assert refund.currency == told["currency"].upper()
    (dispute,) = rows(machine, DisputeRow)
    assert (dispute.amount_micros, dispute.fee_micros) == (1000 * CENT, 0)
