"""What billing events must satisfy beyond their types: amounts, times, and nothing that contradicts itself."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.billing.money import MAX_MICROS, micros
from streams.core.events import (
    Discount,
    Event,
    InvoiceIssued,
    InvoiceLine,
    InvoicePaid,
    InvoiceWrittenOff,
    PayoutSettled,
    SubscriptionItem,
    SubscriptionStarted,
    SubscriptionTrialStarted,
)
from streams.core.limits import EARLIEST, LATEST, Refusal
from tests.support.histories_billing import BILLING, DAY, billing_histories

NOW = EARLIEST + 5_000 * DAY
_ENVELOPE: dict[str, Any] = {
    "event_id": "00000000-0000-4000-8000-000000000001",
    "account_id": "acme",
    "occurred_at": NOW,
    "source": "billing:main",
}
_USD: dict[str, Any] = {"currency": "USD", "exponent": 2}
SEAT = SubscriptionItem(item_id="seat", plan_id="basic", unit_amount=1_000, interval="MONTH")
STARTED = SubscriptionStarted(
    **_ENVELOPE,
    **_USD,
    subscription_id="s1",
    status="ACTIVE",
    items=(SEAT,),
    period_start=NOW,
    period_end=NOW + 30 * DAY,
    effective_at=NOW,
)
TRIAL = SubscriptionTrialStarted(**_ENVELOPE, subscription_id="s1", effective_at=NOW, ends_at=NOW)
LINE = InvoiceLine(line_id="l1", amount=1_000)
ISSUED = InvoiceIssued(**_ENVELOPE, **_USD, invoice_id="n1", issued_at=NOW, total=1_000, lines=(LINE,))
PAID = InvoicePaid(**_ENVELOPE, **_USD, invoice_id="n1", payment_id="p1", amount=1_000, paid_at=NOW)
WRITTEN_OFF = InvoiceWrittenOff(**_ENVELOPE, invoice_id="n1")
PAYOUT = PayoutSettled(**_ENVELOPE, **_USD, payout_id="o1", amount=-5, period_start=NOW, period_end=NOW, settled_at=NOW)


def refusal(event: Event, **over: object) -> Refusal | None:
    return check(msgspec.structs.replace(event, **over), b"acme", NOW)


def item(**over: object) -> dict[str, object]:
    return {"items": (msgspec.structs.replace(SEAT, **over),)}


def discount(**over: Any) -> dict[str, object]:
    return item(discounts=(Discount(**{"kind": "PERCENT", "value": 1, "duration": "FOREVER"} | over),))


def line(**over: object) -> dict[str, object]:
    return {"lines": (msgspec.structs.replace(LINE, **over),)}


@given(billing_histories())
def test_the_histories_that_the_laws_run_over_are_taken_in(recorded_events: list[RecordedEvent]) -> None:
    """A law over events that could never arrive would promise nothing."""
    for recorded in recorded_events:
        assert check(recorded.event, b"acme", recorded.ingested_at) is None


def test_there_is_a_history_for_every_billing_type() -> None:
    """A type without a strategy escapes the laws."""
    assert {kind.EVENT_TYPE for kind in BILLING} == {
        kind.EVENT_TYPE for kind in Event.__args__ if kind.TOPIC == "billing"
    }


@pytest.mark.parametrize("event", [STARTED, ISSUED, PAID, PAYOUT])
@pytest.mark.parametrize("money", [{"currency": "usd"}, {"currency": "US"}, {"exponent": -1}, {"exponent": 7}])
def test_money_has_a_currency_and_an_exponent(event: Event, money: dict[str, object]) -> None:
    """Minor units mean nothing without them; an exponent beyond six places has no exact millionths."""
    assert (refusal(event, **money) or ("", ""))[0] == "invalid_field"


@pytest.mark.parametrize("exponent", range(7))
def test_the_largest_amount_is_the_same_money_in_every_exponent(exponent: int) -> None:
    """Tables hold millionths in 64 bits: what does not fit must be refused, not wrap around."""
    largest = MAX_MICROS // micros(1, exponent)
    fits = {"exponent": exponent, "total": largest, "lines": ()}
    assert refusal(ISSUED, **fits) is None
    assert refusal(ISSUED, **fits | {"total": largest + 1}) == ("invalid_field", "total is out of range")
    assert refusal(ISSUED, **fits | {"total": -largest}) is None
    assert refusal(ISSUED, **fits | {"total": -largest - 1}) == ("invalid_field", "total is out of range")


@pytest.mark.parametrize(
    ("event", "change", "says"),
    [
        (STARTED, item(quantity=-1), "quantity of 'seat' is negative"),
        (STARTED, item(interval_count=0), "interval_count of 'seat'"),
        (STARTED, item(quantity=10**9, unit_amount=10**9), "out of range"),
        (STARTED, item(item_id=""), "item_id must be"),
        (STARTED, item(plan_id="x" * 257), "plan_id must be"),
        (STARTED, {"items": (SEAT, SEAT)}, "items name 'seat' twice"),
        (STARTED, discount(value=10_001), "above the whole"),
        (STARTED, discount(kind="AMOUNT", value=-1), "below nothing"),
        (STARTED, discount(duration="REPEATING"), "has no ends_at"),
        (STARTED, discount(ends_at=EARLIEST - 1), "ends_at of a discount is before the year 2000"),
        (STARTED, {"period_end": NOW - 1}, "period_end is before period_start"),
        (STARTED, {"effective_at": LATEST + 1}, "effective_at is after the year 2200"),
        (TRIAL, {"ends_at": NOW - 1}, "ends_at is before effective_at"),
        (ISSUED, {"credit_applied": 1_001}, "credit_applied must be 0 to the total"),
        (ISSUED, {"credit_applied": -1}, "credit_applied must be 0 to the total"),
        (ISSUED, {"total": 999}, "the lines add up to 1000, the total is 999"),
        (ISSUED, line(tax=10**18), "an amount of line 'l1' is out of range"),
        (ISSUED, line(line_id=""), "line_id must be"),
        (ISSUED, line(period_start=NOW, period_end=NOW - 1), "line 'l1' has a period_end before"),
        (ISSUED, {"lines": (LINE, LINE), "total": 2_000}, "lines name 'l1' twice"),
        (PAID, {"amount": 0}, "amount must be above zero"),
        (PAID, {"amount": -1}, "amount must be above zero"),
        (PAID, {"attempt_no": 0}, "attempt_no counts from 1"),
        (PAID, {"payment_amount": 999}, "payment_amount is less than"),
        (PAID, {"paid_at": NOW + 2 * DAY}, "paid_at is more than a day after"),
        (PAID, {"paid_at": EARLIEST - 1}, "paid_at is before the year 2000"),
        (WRITTEN_OFF, {"amount": 5}, "come together or not at all"),
        (WRITTEN_OFF, {"currency": "USD"}, "come together or not at all"),
        (WRITTEN_OFF, {"exponent": 2, "currency": "USD"}, "come together or not at all"),
        (PAYOUT, {"period_end": NOW - 1}, "period_end is before period_start"),
    ],
)
def test_what_contradicts_itself_is_refused(event: Event, change: dict[str, object], says: str) -> None:
    """One event alone shows that it is wrong: no other event could make a figure out of it."""
    assert refusal(event) is None
    found = refusal(event, **change)
    assert found is not None
    assert says in found[1]


@pytest.mark.parametrize(
    ("seats", "each", "reason"),
    [(1, 1_000, None), (1, 1_001, "too_many_items"), (10, 100, None), (10, 101, "too_many_items")],
)
def test_discounts_are_at_most_a_thousand(seats: int, each: int, reason: str | None) -> None:
    """Revenue is worked out at every end of a discount: tens of thousands of them in one event took hours."""
    found = refusal(STARTED, items=_seats(seats, each))
    assert (found or (None,))[0] == reason


def test_items_times_ends_of_discounts_stay_within_what_a_state_can_hold() -> None:
    """A thousand items with an end each make a million lines, which no record of a changelog holds."""
    assert refusal(STARTED, items=_seats(100, 1)) is None
    assert (refusal(STARTED, items=_seats(400, 1)) or (None,))[0] == "too_many_items"


def _seats(seats: int, each: int) -> tuple[SubscriptionItem, ...]:
    ends = iter(range(NOW, NOW + seats * each))
    return tuple(
        msgspec.structs.replace(
            SEAT,
            item_id=f"seat{number}",
            discounts=tuple(
                Discount(kind="PERCENT", value=1, duration="REPEATING", ends_at=next(ends)) for _ in range(each)
            ),
        )
        for number in range(seats)
    )


def test_an_end_before_the_start_and_a_price_below_zero_are_taken_in() -> None:
    """Other events decide what these mean; refusing one would make figures depend on which came first."""
    assert refusal(STARTED, **item(unit_amount=-1_000)) is None
    assert refusal(STARTED, **item(quantity=0)) is None
    assert refusal(ISSUED, total=-1_000, lines=()) is None
    assert refusal(WRITTEN_OFF, amount=5, currency="USD", exponent=2) is None
