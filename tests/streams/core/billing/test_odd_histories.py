"""Histories that nobody would invent and that are valid all the same: a wider search than the strategies' met each."""

from typing import Any

import msgspec
import pytest

from sinks.checks import refusal
from streams.core.algebra import RecordedEvent
from streams.core.billing.money import MAX_MICROS
from streams.core.events import (
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)
from streams.core.rows_receivable import InvoiceRow, PaymentAttemptRow, ReceivableEntryRow
from streams.core.rows_subscription import MrrItemRow, MrrMovementRow, SubscriptionHistoryRow, SubscriptionRow
from tests.support.billing import DAY, NEW_YEAR, Story, day, discount, item
from tests.support.invoices import credited, failed, issued, voided, written_off
from tests.support.machine import Machine, figures, run

MOST = 2**63 - 1


def moves(machine: Machine) -> list[tuple[int, str, str, float]]:
    """(day, subscription, kind, amount) of every movement as cxledger counts."""
    return sorted(
        ((row.at - NEW_YEAR) // DAY, row.subscription_id, row.kind, round(row.amount_micros / 1e6, 2))
        for row in rows_of(machine, MrrMovementRow)
        if row.policy == "cxledger"
    )


def rows_of(machine: Machine, kind: type[Any]) -> list[Any]:
    return [row for row in machine.tables.values() if isinstance(row, kind)]


def fits(machine: Machine) -> bool:
    """Whether every whole number of every row is one that a column can hold, and every row one that a sink takes."""
    return all(
        refusal(row.TABLE, [(*values, 1, False)]) is None
        and all(abs(value) <= MOST for value in values if isinstance(value, int))
        for row in machine.tables.values()
        for values in [msgspec.structs.astuple(row)]
    )


@pytest.mark.parametrize("free", [item(0), item(10_000, quantity=0)], ids=["no price", "no units"])
@pytest.mark.parametrize("value", [500, MOST])
def test_nothing_is_taken_off_what_costs_nothing(free: Any, value: int) -> None:
    """A free plan under a voucher had revenue below zero, and with a large one a row that no table takes."""
    story = Story()
    story.state(0, msgspec.structs.replace(free, discounts=(discount("AMOUNT", value, "FOREVER"),)))
    assert not rows_of(run(story.recorded_events), MrrItemRow)


def test_an_amount_is_not_taken_off_a_rebate() -> None:
    """A rebate is below nothing already; a voucher of any size leaves it what it is."""
    story = Story()
    story.state(0, item(-100, discounts=(discount("AMOUNT", MOST, "FOREVER"),)))
    machine = run(story.recorded_events, recode=True)
    assert {row.mrr_micros for row in rows_of(machine, MrrItemRow)} == {-1_000_000}
    assert fits(machine)


def test_a_trial_that_was_to_end_before_it_began_ends_when_it_begins() -> None:
    """Sources move a trial's end into the past before they move its status; no trial lasts less than nothing."""
    story = Story()
    story.state(10, item(10_000), status="TRIALING", trial_ends_at=day(5))
    (row,) = rows_of(run(story.recorded_events), SubscriptionRow)
    assert (row.trial_started_at, row.trial_ended_at) == (day(10), day(10))


def test_a_second_end_brings_no_revenue_back() -> None:
    """Ended with its period on the 30th; an end told again for the 40th may name another service end: it is over."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionEnded, 10, ends_at=day(30))
    story.tell(SubscriptionEnded, 40, ends_at=day(60))
    assert moves(run(story.recorded_events)) == [(0, "s1", "new", 100.0), (30, "s1", "churn", -100.0)]


def test_a_second_end_may_move_the_end_of_a_service_that_still_runs() -> None:
    """As long as it runs, the newest word on its end holds."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionEnded, 10, ends_at=day(30))
    story.tell(SubscriptionEnded, 20, ends_at=day(60))
    assert moves(run(story.recorded_events)) == [(0, "s1", "new", 100.0), (60, "s1", "churn", -100.0)]


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        (SubscriptionTrialConverted, {}, "ACTIVE"),
        (SubscriptionTrialStarted, {"ends_at": day(90)}, "TRIALING"),
    ],
)
def test_a_trial_that_goes_on_or_converts_ends_a_pause(kind: Any, fields: dict[str, Any], status: str) -> None:
    """The end of a pause that was over put a paying customer back into the trial, and its revenue was gone."""
    story = Story()
    story.state(0, item(10_000), status="TRIALING", trial_ends_at=day(20))
    story.tell(SubscriptionPaused, 5, ends_at=day(30))
    story.tell(kind, 10, **fields)
    rows = sorted(rows_of(run(story.recorded_events), SubscriptionHistoryRow), key=lambda row: row.valid_from)
    assert [(row.status, row.pause_ends_at) for row in rows] == [
        ("TRIALING", None),
        ("PAUSED", day(30)),
        (status, None),
    ]


def test_a_pause_of_what_never_paid_keeps_nobody_a_customer() -> None:
    """The account's only revenue ends: that is churn, whatever else is paused; the next revenue is a return."""
    story = Story()
    story.tell(SubscriptionPaused, 0, "s2")
    story.state(0, item(10_000), until=10)
    story.tell(SubscriptionEnded, 10)
    story.state(20, item(5_000), subscription="s3")
    story.tell(SubscriptionEnded, 21, "s2")
    assert moves(run(story.recorded_events)) == [
        (0, "s1", "new", 100.0),
        (10, "s1", "churn", -100.0),
        (20, "s3", "reactivation", 50.0),
    ]


def test_a_paused_trial_that_becomes_paid_is_no_resumption() -> None:
    """What resumes was paused with its revenue; else more would resume than was ever paused."""
    story = Story()
    story.state(0, item(10_000))
    story.state(0, item(5_000), subscription="s2", status="TRIALING")
    story.tell(SubscriptionPaused, 5, "s2")
    story.state(10, item(5_000), subscription="s2", kind=SubscriptionChanged)
    assert moves(run(story.recorded_events)) == [(0, "s1", "new", 100.0), (10, "s2", "expansion", 50.0)]


def test_a_pause_out_of_revenue_still_rests_and_resumes() -> None:
    """Whoever paid up to the pause stays a customer; an end within the pause is churn of nothing more."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionPaused, 5)
    story.tell(SubscriptionResumed, 10)
    story.tell(SubscriptionPaused, 15)
    story.tell(SubscriptionEnded, 40)
    assert moves(run(story.recorded_events)) == [
        (0, "s1", "new", 100.0),
        (5, "s1", "pause", -100.0),
        (10, "s1", "resume", 100.0),
        (15, "s1", "pause", -100.0),
        (40, "s1", "churn", 0.0),
    ]


def twins(recorded_events: list[RecordedEvent]) -> list[RecordedEvent]:
    """The last two notes as events of one id and moment from two sources."""
    *others, one, other = recorded_events
    told = one.event
    event = msgspec.structs.replace(
        other.event, event_id=told.event_id, occurred_at=told.occurred_at, source="erp:main"
    )
    return [*others, one, RecordedEvent(event, other.ingested_at)]


@pytest.mark.parametrize(
    "recorded_events",
    [
        twins([issued(1, 10_000), written_off(2, 1_000), written_off(2, 2_000)]),
        twins([issued(1, 10_000), failed(2, 1_000), failed(2, 2_000)]),
        twins([issued(1, 10_000), issued(1, 20_000)]),
    ],
    ids=["written off", "failed", "issued"],
)
def test_events_of_one_id_from_two_sources_are_two_events_in_any_order(recorded_events: list[RecordedEvent]) -> None:
    """An id is unique within its source; which of two came first must not show, and neither may cover the other."""
    machine, backwards = run(recorded_events), run([*reversed(recorded_events)])
    assert (figures(machine), machine.revisions()) == (figures(backwards), backwards.revisions())
    (invoice,) = rows_of(machine, InvoiceRow)
    entries = [row for row in rows_of(machine, ReceivableEntryRow) if row.book == "receivable"]
    assert sum(row.amount_micros for row in entries) == invoice.open_micros
    assert len(rows_of(machine, PaymentAttemptRow)) == invoice.failed_attempts


def test_a_void_of_more_credit_notes_than_a_column_holds_stops_at_its_bound() -> None:
    """Absurd amounts are told as far as the tables can tell them, instead of stopping everybody's rows."""
    most = MAX_MICROS // 10_000
    recorded_events = [issued(1, 0), *(credited(2, most, f"C{number}") for number in range(100)), voided(3)]
    machine = run(recorded_events[-1:] + recorded_events[:-1])
    assert len(rows_of(machine, ReceivableEntryRow)) > 100
    assert fits(machine)
