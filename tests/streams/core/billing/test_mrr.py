"""MRR and its movements, example by example: the published ones, and one for each choice that policies make."""

from typing import Any

import pytest

from streams.core.billing.choices import PROFILES, MrrPolicy, parse
from streams.core.events import (
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionStarted,
    SubscriptionTrialConverted,
)
from streams.core.rows_subscription import MrrMovementRow, SubscriptionHistoryRow, SubscriptionRow
from streams.core.rules import Rules
from tests.support.billing import DAY, NEW_YEAR, Story, day, discount, item
from tests.support.machine import restated, run

Move = tuple[int, str, float]


def moves(story: Story, choices: str | None = None, policy: str = "cxledger") -> list[Move]:
    """(day, kind, amount per month in the major unit) of every movement, under a policy with some choices changed."""
    mrr = () if choices is None else (MrrPolicy(policy, 0, "v2", parse(policy, choices)),)
    rows = [
        row
        for row in run(story.recorded_events, rules=Rules(mrr=mrr)).tables.values()
        if isinstance(row, MrrMovementRow)
    ]
    told = [((row.at - NEW_YEAR) // DAY, row.kind, row.amount_micros / 1e6) for row in rows if row.policy == policy]
    return sorted((at, kind, round(amount, 2)) for at, kind, amount in told)


def rows_of(story: Story, kind: type[Any]) -> list[Any]:
    return [row for row in run(story.recorded_events).tables.values() if isinstance(row, kind)]


def test_the_life_of_an_account_as_chartmogul_publishes_it() -> None:
    """New, a second plan, its end, the last end at the end of what was paid for, a return (ChartMogul 201244842)."""
    story = Story()
    story.state(0, item(200_000, "YEAR"), until=365)
    story.state(10, item(6_000, plan="extra"), subscription="s2")
    story.tell(SubscriptionEnded, 40, "s2", reason="VOLUNTARY")
    story.tell(SubscriptionEnded, 100, reason="VOLUNTARY", ends_at=day(365))
    story.state(400, item(200_000, "YEAR"), until=765)
    assert moves(story) == [
        (0, "new", 166.67),
        (10, "expansion", 60.0),
        (40, "contraction", -60.0),
        (365, "churn", -166.67),
        (400, "reactivation", 166.67),
    ]


def test_a_hundred_monthly_and_fifty_yearly_customers() -> None:
    """100 at $100 a month and 50 at $600 a year make 12,500 a month (Stripe's glossary, misprint of 800 put right)."""
    monthly, yearly = Story(), Story()
    monthly.state(0, item(10_000, quantity=100))
    yearly.state(0, item(60_000, "YEAR", quantity=50))
    assert moves(monthly)[0][2] + moves(yearly)[0][2] == 12_500


@pytest.mark.parametrize(
    ("interval", "count", "amount", "monthly"),
    [
        ("MONTH", 1, 10_000, 100.0),
        ("MONTH", 3, 10_000, 33.33),
        ("MONTH", 6, 60_000, 100.0),
        ("YEAR", 1, 120_000, 100.0),
        ("YEAR", 2, 240_000, 100.0),
        ("WEEK", 1, 1_200, 52.0),
        ("DAY", 1, 1_200, 365.0),
    ],
)
def test_every_interval_is_put_on_a_month(interval: str, count: int, amount: int, monthly: float) -> None:
    """A week is 52/12 of a month's charge and a day 365/12: not four weeks, not thirty days, and never left out."""
    story = Story()
    story.state(0, item(amount, interval, interval_count=count))
    assert moves(story) == [(0, "new", monthly)]


def test_amounts_are_rounded_once_and_halves_go_to_the_even_millionth() -> None:
    """Won have no minor unit and roubles have two; one yen over twelve months keeps six places."""
    story = Story()
    story.state(0, item(1, "YEAR"), currency="JPY", exponent=0)
    story.state(0, item(15, "YEAR"), currency="XTS", exponent=5, subscription="s2")
    story.state(0, item(21, "YEAR"), currency="XXX", exponent=5, subscription="s3")
    amounts = {row.currency: row.amount_micros for row in rows_of(story, MrrMovementRow) if row.policy == "cxledger"}
    assert amounts == {"JPY": 83_333, "XTS": 12, "XXX": 18}  # 150 / 12 is 12.5 and 210 / 12 is 17.5


END = [
    ("request", [(0, "new", 100.0), (10, "churn", -100.0)]),
    ("effective", [(0, "new", 100.0), (20, "churn", -100.0)]),
    ("period_end", [(0, "new", 100.0), (30, "churn", -100.0)]),
]


@pytest.mark.parametrize(("choice", "expected"), END)
def test_when_an_end_counts(choice: str, expected: list[Move]) -> None:
    """Asked for on the 10th, ended on the 20th, paid for until the 30th: three products, three dates of churn."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionCancelScheduled, 10, ends_at=day(25), reason="VOLUNTARY")
    story.tell(SubscriptionEnded, 20, reason="VOLUNTARY", ends_at=day(30))
    assert moves(story, f"churn={choice}") == expected


@pytest.mark.parametrize("policy", PROFILES)
@pytest.mark.parametrize("reason", ["VOLUNTARY", "PAYMENT_FAILURE", "OTHER", "UNKNOWN"])
def test_an_end_that_names_no_other_end_of_the_service_ends_it_there(policy: str, reason: Any) -> None:
    """An upgrade ends one subscription and starts another: both would count until the end of the period."""
    story = Story()
    story.state(0, item(1_000))
    story.tell(SubscriptionEnded, 10, reason=reason)
    story.state(10, item(3_000, plan="extra"), subscription="s2")
    assert moves(story, policy=policy) == [(0, "new", 10.0), (10, "expansion", -10.0), (10, "expansion", 30.0)]


def test_a_scheduled_end_takes_effect_by_itself_unless_it_is_taken_back() -> None:
    """No second event has to come for the end that was agreed; taking it back is a return only where it had counted."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionCancelScheduled, 10, ends_at=day(30), reason="VOLUNTARY")
    assert moves(story) == [(0, "new", 100.0), (30, "churn", -100.0)]
    story.tell(SubscriptionCancelUnscheduled, 12)
    assert moves(story) == [(0, "new", 100.0)]
    returned = [(10, "churn", -100.0), (12, "reactivation", 100.0)]
    assert moves(story, "churn=request")[1:] == returned
    assert moves(story, policy="stripe")[1:] == returned


@pytest.mark.parametrize(
    ("choice", "first", "later"),
    [("recurring", 40.0, 90.0), ("forever", 90.0, 90.0), ("all", 0.0, 90.0), ("none", 100.0, 100.0)],
)
def test_which_discounts_are_taken_off(choice: str, first: float, later: float) -> None:
    """One for ever, one of 50 for two months, one of 60 for one charge: the first month tells all policies apart."""
    story = Story()
    forever, repeating = discount("PERCENT", 1_000, "FOREVER"), discount("AMOUNT", 5_000, "REPEATING", 60)
    story.state(0, item(10_000, discounts=(forever, repeating, discount("AMOUNT", 6_000, "ONCE"))))
    told = moves(story, f"discounts={choice}")
    assert sum(amount for at, _, amount in told if at == 0) == first
    assert sum(amount for _, _, amount in told) == later


DEBT = [
    ("past_due=30", 35, (60, "churn", -100.0)),
    ("past_due=keep unpaid=drop", 35, (35, "churn", -100.0)),
    ("past_due=30 unpaid=keep", 70, (60, "churn", -100.0)),
    ("past_due=keep unpaid=keep", 70, None),
]


@pytest.mark.parametrize(("choices", "given_up", "expected"), [*DEBT[1:], ("past_due=30 unpaid=drop", 70, DEBT[0][2])])
def test_when_a_debt_becomes_churn(choices: str, given_up: int, expected: Move | None) -> None:
    """Not paid from the 30th on; the source gives up sooner or later: days, its word, either or neither decides."""
    story = Story()
    story.state(0, item(10_000))
    story.state(30, item(10_000), kind=SubscriptionChanged, status="PAST_DUE", since=0)
    story.state(given_up, item(10_000), kind=SubscriptionChanged, status="UNPAID", since=0)
    assert moves(story, choices) == [(0, "new", 100.0), *([expected] if expected else [])]
    if expected is not None:
        (reason,) = {
            row.reason for row in rows_of(story, MrrMovementRow) if row.kind == "churn" and row.policy == "cxledger"
        }
        assert reason == "PAYMENT_FAILURE"


@pytest.mark.parametrize(
    ("choice", "expected"), [("zero", [(10, "pause", -100.0), (20, "resume", 100.0)]), ("keep", [])]
)
def test_whether_a_paused_subscription_has_revenue(choice: str, expected: list[Move]) -> None:
    """A pause is not churn and its end no return; some products go on counting it."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionPaused, 10)
    story.tell(SubscriptionResumed, 20)
    assert moves(story, f"pause={choice}") == [(0, "new", 100.0), *expected]


def test_an_end_during_a_pause_is_churn_without_revenue_and_a_return_after_it_a_reactivation() -> None:
    """The customer is lost when the pause becomes an end; the revenue went with the pause."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionPaused, 10)
    story.tell(SubscriptionEnded, 20, ends_at=day(20))
    story.state(50, item(10_000))
    assert moves(story)[1:] == [(10, "pause", -100.0), (20, "churn", 0.0), (50, "reactivation", 100.0)]


@pytest.mark.parametrize(("choice", "expected"), [("period", [30, 60]), ("purchase", [])])
def test_whose_days_exchange_rate_counts(choice: str, expected: list[int]) -> None:
    """A renewal moves nothing but the day of the exchange rate, and that only where the service period decides it."""
    story = Story()
    story.state(0, item(10_000))
    story.state(30, item(10_000), kind=SubscriptionChanged, change_kind="RENEWAL")
    story.state(60, item(10_000), kind=SubscriptionChanged, change_kind="RENEWAL")
    assert moves(story, f"rate_of={choice}") == [(0, "new", 100.0), *((at, "fx", 0.0) for at in expected)]


def test_a_trial_has_no_revenue_until_it_converts() -> None:
    """Until something is paid there is no customer; what converts is new, not expansion."""
    story = Story()
    story.state(0, item(10_000), status="TRIALING", trial_ends_at=day(14))
    assert moves(story) == []
    story.tell(SubscriptionTrialConverted, 14)
    assert moves(story) == [(14, "new", 100.0)]
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.trial_started_at, row.trial_ended_at, row.converted_at) == (day(0), day(14), day(14))


@pytest.mark.parametrize("policy", PROFILES)
@pytest.mark.parametrize(
    "turns",
    [
        pytest.param(["PAST_DUE"], id="not paid"),
        pytest.param(["UNPAID"], id="given up"),
        pytest.param(["PAUSED"], id="paused"),
        pytest.param(["PAST_DUE", "PAUSED", "UNPAID"], id="all of it"),
        pytest.param(["UNKNOWN", "PAST_DUE"], id="by way of a word that nobody knows"),
    ],
)
def test_what_was_never_paid_for_after_its_trial_has_no_revenue(turns: list[str], policy: str) -> None:
    """Revenue that came and went beside a trial that did not convert is two stories of one subscription."""
    story = Story()
    story.state(0, item(1_000), status="TRIALING", trial_ends_at=day(14))
    for at, status in enumerate(turns, start=14):
        story.state(at, item(1_000), kind=SubscriptionChanged, status=status)
    story.tell(SubscriptionEnded, 24, reason="PAYMENT_FAILURE")
    assert moves(story, policy=policy) == []
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.trial_ended_at, row.converted_at) == (day(14), None)


def test_a_trial_whose_first_payment_comes_late_converts_when_it_is_paid() -> None:
    """Revenue begins with the payment, and so does the conversion; a debt after that is a debt."""
    story = Story()
    story.state(0, item(1_000), status="TRIALING", trial_ends_at=day(14))
    story.state(14, item(1_000), kind=SubscriptionChanged, status="PAST_DUE")
    story.state(18, item(1_000), kind=SubscriptionChanged)
    story.state(44, item(1_000), kind=SubscriptionChanged, status="PAST_DUE", since=18)
    assert moves(story) == [(18, "new", 10.0), (74, "churn", -10.0)]
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.trial_ended_at, row.converted_at) == (day(14), day(18))


def test_what_goes_on_free_of_charge_converts_when_it_costs_something() -> None:
    """All of it is taken off for two months: revenue begins after them."""
    story = Story()
    story.state(0, item(1_000), status="TRIALING", trial_ends_at=day(14))
    free = discount("PERCENT", 10_000, "REPEATING", 70)
    story.state(14, item(1_000, discounts=(free,)), kind=SubscriptionChanged)
    assert moves(story) == [(70, "new", 10.0)]
    assert [row.converted_at for row in rows_of(story, SubscriptionRow)] == [day(70)]


def test_metered_items_have_no_recurring_revenue() -> None:
    """What follows use is not known in advance; only what is agreed counts."""
    story = Story()
    story.state(0, item(10_000), item(99_999, item_id="i2", is_metered=True))
    assert moves(story) == [(0, "new", 100.0)]


def test_what_happens_at_one_moment_is_one_movement() -> None:
    """A plan that is swapped for a dearer one is an expansion by the difference; for one of the same price nothing."""
    story = Story()
    story.state(0, item(10_000, plan="basic"))
    story.state(30, item(15_000, plan="pro"), kind=SubscriptionChanged)
    story.state(60, item(15_000, plan="team"), kind=SubscriptionChanged)
    assert moves(story)[1:] == [
        (30, "expansion", -100.0),
        (30, "expansion", 150.0),
        (60, "transfer", -150.0),
        (60, "transfer", 150.0),
    ]


def test_a_move_to_another_subscription_at_one_moment_is_neither_churn_nor_a_return() -> None:
    """Billing systems replace a subscription by another one; the customer never left."""
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionEnded, 30, ends_at=day(30))
    story.state(30, item(8_000), subscription="s2")
    assert moves(story)[1:] == [(30, "contraction", -100.0), (30, "contraction", 80.0)]


@pytest.mark.parametrize("policy", PROFILES)
def test_what_moves_in_two_currencies_at_one_moment_is_marked(policy: str) -> None:
    """The core knows no exchange rates: amounts stay in the contract's currency, and the view nets what is marked."""
    story = Story()
    story.state(0, item(10_000))
    story.state(30, item(10_000), kind=SubscriptionChanged, currency="EUR")
    story.state(60, item(20_000), kind=SubscriptionChanged, currency="EUR")
    rows = [row for row in rows_of(story, MrrMovementRow) if row.policy == policy]
    told = sorted(((row.at - NEW_YEAR) // DAY, row.currency, row.amount_micros, row.crosses_rates) for row in rows)
    assert told == [
        (0, "USD", 100_000_000, False),
        (30, "EUR", 100_000_000, True),
        (30, "USD", -100_000_000, True),
        (60, "EUR", 100_000_000, False),
    ]


def test_a_plan_in_place_of_another_is_valued_at_one_rate() -> None:
    """At a renewal at another rate the swap is nothing, and what the rate brings is the rate's."""
    story = Story()
    story.state(0, item(10_000))
    story.state(30, item(10_000, plan="team"), kind=SubscriptionChanged)
    rows = {
        row.plan_id: row for row in rows_of(story, MrrMovementRow) if row.at == day(30) and row.policy == "cxledger"
    }
    assert {row.kind for row in rows.values()} == {"transfer"}
    assert {row.rate_at for row in rows.values()} == {day(30)}
    assert (rows["basic"].rate_at_before, rows["basic"].fx_base_micros) == (day(0), 100_000_000)
    assert not any(row.crosses_rates for row in rows.values())


def test_more_of_the_same_product_line_is_upsell_and_another_line_cross_sell() -> None:
    """Who is credited depends on it; without a product line nobody can tell."""
    story = Story()
    polls, panels = item(10_000, product_line="polls"), item(5_000, plan="pan", product_line="panels", item_id="i2")
    story.state(0, polls)
    story.state(10, item(12_000, product_line="polls"), panels, kind=SubscriptionChanged)
    lines = {row.product_line: row.line for row in rows_of(story, MrrMovementRow) if row.kind == "expansion"}
    assert lines == {"polls": "upsell", "panels": "cross_sell"}


def test_a_correction_books_in_the_original_period_and_leaves_a_restatement() -> None:
    """The movement moves to where it belongs; that a published figure changed is told beside it."""
    story = Story()
    story.state(0, item(10_000))
    wrong = story.state(30, item(20_000), kind=SubscriptionChanged)
    right = story.state(40, item(15_000), kind=SubscriptionChanged, since=30, corrects_event_id=wrong)
    recorded = story.recorded_events[-1]
    assert recorded.event.event_id == right
    moved = [row for row in rows_of(story, MrrMovementRow) if row.policy == "cxledger" and row.kind == "expansion"]
    assert [(row.at, row.amount_micros, row.is_correction) for row in moved] == [(day(40), 50_000_000, True)]
    told = [(row.window_at, row.old_value, row.new_value, row.reason) for row in restated(run(story.recorded_events))]
    assert sorted(told) == [(day(30), 100.0, None, "corrected"), (day(40), None, 50.0, "corrected")]


def test_a_late_event_leaves_a_restatement() -> None:
    """Two weeks after a day its figures are taken for final; what comes later is told."""
    story = Story()
    story.state(0, item(10_000))
    story.state(10, item(15_000), kind=SubscriptionChanged, stored=24)
    assert restated(run(story.recorded_events)) == []
    story.state(20, item(20_000), kind=SubscriptionChanged, stored=35)
    (row,) = restated(run(story.recorded_events))
    assert (row.metric, row.item, row.window_at, row.old_value, row.new_value) == ("mrr", "USD", day(20), None, 50.0)


def test_an_end_before_the_start_is_flagged_and_never_becomes_revenue() -> None:
    """Two systems' clocks may disagree; the newest word is that it ended."""
    story = Story()
    story.tell(SubscriptionEnded, 5, entity_version=2)
    story.state(10, item(10_000), entity_version=1)
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.flags, moves(story)) == (("ended_before_start",), [])


def test_an_end_cancels_what_was_planned_before_it_and_not_what_is_told_after_it() -> None:
    """An upgrade agreed for next month dies with the subscription; a new start does not."""
    story = Story()
    story.state(0, item(10_000))
    story.state(40, item(20_000), kind=SubscriptionChanged, told=10)
    story.tell(SubscriptionEnded, 20, ends_at=day(20))
    assert [(row.status, row.valid_from) for row in rows_of(story, SubscriptionHistoryRow)][-1] == ("ENDED", day(20))
    story.state(50, item(20_000), kind=SubscriptionChanged, told=21)
    assert moves(story)[1:] == [(20, "churn", -100.0), (50, "reactivation", 200.0)]


def test_parts_of_an_unknown_subscription_are_kept_and_flagged() -> None:
    """The start may still come, from another system or another hour."""
    story = Story()
    story.tell(SubscriptionPaused, 5)
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.flags, row.started_at) == (("never_started",), None)
    story.state(0, item(10_000), kind=SubscriptionStarted)
    (row,) = rows_of(story, SubscriptionRow)
    assert (row.flags, row.started_at) == ((), day(0))


@pytest.mark.parametrize(
    "text", ["churn=never", "past_due=-1", "past_due=soon", "colour=red", "churn=request churn=effective", "nonsense"]
)
def test_choices_that_nobody_offers_are_refused(text: str) -> None:
    """A misspelt choice that is silently ignored would publish the default under another name."""
    with pytest.raises(ValueError, match=r"\w"):
        parse("cxledger", text)
