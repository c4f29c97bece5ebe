"""The MRR ledger over random histories: what it says must add up, whatever happened and however it is counted."""

from collections import defaultdict
from itertools import pairwise

import msgspec
from hypothesis import given

from streams.core.algebra import RecordedEvent
from streams.core.events import SubscriptionChanged, SubscriptionStarted
from streams.core.rows_subscription import MrrItemRow, MrrMovementRow, SubscriptionHistoryRow, SubscriptionRow
from tests.support.histories_billing import SUBSCRIPTIONS, billing_histories
from tests.support.machine import Machine, run

histories = billing_histories(SUBSCRIPTIONS, max_size=12)
Stock = dict[tuple[str, str, bool], int]


def stock_at(machine: Machine, at: int) -> Stock:
    """Revenue by account, policy, currency and test as the spans say it at a moment, nothing left out but zeros."""
    found: Stock = defaultdict(int)
    for row in machine.tables.values():
        if isinstance(row, MrrItemRow) and row.valid_from <= at and (row.valid_to is None or at < row.valid_to):
            found[row.policy, row.currency, row.is_test] += row.mrr_micros
    return {key: total for key, total in found.items() if total}


def moved_until(machine: Machine, at: int) -> Stock:
    """The same as the sum of all movements up to and with the moment."""
    found: Stock = defaultdict(int)
    for row in machine.tables.values():
        if isinstance(row, MrrMovementRow) and row.at <= at:
            found[row.policy, row.currency, row.is_test] += row.amount_micros
    return {key: total for key, total in found.items() if total}


def moments(machine: Machine) -> list[int]:
    return sorted({row.at for row in machine.tables.values() if isinstance(row, MrrMovementRow)})


@given(histories)
def test_revenue_at_any_moment_is_the_sum_of_the_movements_until_then(recorded_events: list[RecordedEvent]) -> None:
    """The invariant of the ledger. Spans and movements are worked out apart, so that each proves the other."""
    machine = run(recorded_events)
    for at in moments(machine):
        assert stock_at(machine, at) == moved_until(machine, at)
        assert stock_at(machine, at - 1) == moved_until(machine, at - 1)


@given(histories)
def test_without_a_rebate_no_revenue_is_below_nothing(recorded_events: list[RecordedEvent]) -> None:
    """Free plans and discounts of any size leave nothing at least; only a price below zero may go below."""
    for row in run([without_rebates(recorded) for recorded in recorded_events]).tables.values():
        if isinstance(row, MrrItemRow):
            assert 0 <= row.mrr_micros <= row.contract_micros


def without_rebates(recorded: RecordedEvent) -> RecordedEvent:
    """The note with every price below zero made none."""
    event = recorded.event
    if not isinstance(event, SubscriptionStarted | SubscriptionChanged):
        return recorded
    items = tuple(msgspec.structs.replace(item, unit_amount=max(item.unit_amount, 0)) for item in event.items)
    return RecordedEvent(msgspec.structs.replace(event, items=items), recorded.ingested_at)


@given(histories)
def test_no_pause_is_left_where_nothing_is_paused_and_no_trial_ends_before_it_begins(
    recorded_events: list[RecordedEvent],
) -> None:
    """What is over must not act later: the end of such a pause would put an older status back."""
    for row in run(recorded_events).tables.values():
        if isinstance(row, SubscriptionHistoryRow):
            assert row.pause_ends_at is None or row.status == "PAUSED"
        if isinstance(row, SubscriptionRow) and row.trial_ended_at is not None:
            assert row.trial_started_at is not None
            assert row.trial_started_at <= row.trial_ended_at


@given(histories)
def test_kinds_say_what_happened_to_the_account(recorded_events: list[RecordedEvent]) -> None:
    """A return that is called new, or a swap that is called churn, would be paid for twice."""
    machine = run(recorded_events)
    rows = [row for row in machine.tables.values() if isinstance(row, MrrMovementRow)]
    for policy, is_test in {(row.policy, row.is_test) for row in rows}:
        mine = [row for row in rows if (row.policy, row.is_test) == (policy, is_test)]
        born = sorted({row.at for row in mine if row.kind == "new"})
        assert len(born) <= 1
        assert all(row.at > born[0] for row in mine if row.kind in ("reactivation", "resume", "churn", "pause"))
        for at in {row.at for row in mine}:
            of_account = {row.kind for row in mine if row.at == at} & {"new", "reactivation", "churn"}
            assert len(of_account) <= 1
        for row in mine:
            assert row.kind == "fx" or row.amount_micros or row.kind in ("churn", "pause")
            assert bool(row.line) <= (row.kind == "expansion")
            assert row.kind == "fx" or row.rate_at == row.rate_at_before or row.fx_base_micros


@given(histories)
def test_a_net_of_one_moment_goes_one_way(recorded_events: list[RecordedEvent]) -> None:
    """Everything that happens to an account at one moment in one currency is one movement: up, down or neither."""
    net: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for row in run(recorded_events).tables.values():
        if isinstance(row, MrrMovementRow):
            net[row.policy, row.is_test, row.at, row.currency, row.kind] += row.amount_micros
    for (*_, kind), amount in net.items():
        assert {"expansion": amount > 0, "contraction": amount < 0, "transfer": not amount, "fx": not amount}.get(
            str(kind), True
        )


@given(histories)
def test_what_nets_across_rates_at_one_moment_is_marked(recorded_events: list[RecordedEvent]) -> None:
    """The core knows no exchange rates: what it cannot net is left to the view, and nothing else is."""
    rates: defaultdict[tuple[object, ...], set[tuple[str, int]]] = defaultdict(set)
    marks: defaultdict[tuple[object, ...], set[bool]] = defaultdict(set)
    for row in run(recorded_events).tables.values():
        if isinstance(row, MrrMovementRow):
            moment = row.policy, row.is_test, row.at
            if row.kind in ("expansion", "contraction", "transfer"):
                rates[moment].add((row.currency, row.rate_at))
                marks[moment].add(row.crosses_rates)
            else:
                assert not row.crosses_rates
    assert all(marks[moment] == {len(found) > 1} for moment, found in rates.items())


@given(histories)
def test_the_history_of_a_subscription_has_neither_gaps_nor_overlaps(recorded_events: list[RecordedEvent]) -> None:
    """The state as of any past instant is one row."""
    spans = defaultdict(list)
    for row in run(recorded_events).tables.values():
        if isinstance(row, SubscriptionHistoryRow):
            spans[row.subscription_id].append((row.valid_from, row.valid_to))
    for each in spans.values():
        assert all(end == start for (_, end), (start, _) in pairwise(sorted(each)))
        assert [end for _, end in sorted(each)][-1] is None


@given(histories)
def test_what_is_kept_by_the_loosest_policy_is_what_the_history_says(recorded_events: list[RecordedEvent]) -> None:
    """ChartMogul's choices drop revenue only when the billing system ends it: items and history must then agree.

    What follows a trial counts from when it is first active.
    """
    tables = run(recorded_events).tables.values()
    items = [row for row in tables if isinstance(row, MrrItemRow) and row.policy == "chartmogul"]
    on_trial: dict[str, bool] = {}
    told = [row for row in tables if isinstance(row, SubscriptionHistoryRow)]
    for each in sorted(told, key=lambda row: (row.subscription_id, row.valid_from)):
        name = each.subscription_id
        mine = [row for row in items if row.subscription_id == name]
        held = [row for row in mine if row.valid_from <= each.valid_from < (row.valid_to or 2**63)]
        if each.status in ("ACTIVE", "TRIALING"):
            on_trial[name] = each.status == "TRIALING"
        counts = each.status in ("ACTIVE", "PAST_DUE", "UNPAID", "PAUSED") and not on_trial.get(name, False)
        assert sum(row.contract_micros for row in held) == (each.contract_micros if counts else 0)


@given(histories)
def test_a_trial_converts_when_its_revenue_begins(recorded_events: list[RecordedEvent]) -> None:
    """Conversion and revenue are one story: what is counted as new has converted, what has not brings nothing."""
    tables = run(recorded_events).tables.values()
    items = [row for row in tables if isinstance(row, MrrItemRow) and row.policy == "cxledger"]
    for row in tables:
        if isinstance(row, SubscriptionRow) and row.trial_started_at is not None:
            mine = [each for each in items if each.subscription_id == row.subscription_id]
            starts = sorted(each.valid_from for each in mine if each.valid_from >= row.trial_started_at)
            held = {at: sum(e.mrr_micros for e in mine if e.valid_from <= at < (e.valid_to or at + 1)) for at in starts}
            ends = sorted(each.valid_to for each in mine if each.valid_to is not None)
            held |= {at: sum(e.mrr_micros for e in mine if e.valid_from <= at < (e.valid_to or at + 1)) for at in ends}
            paid = [at for at, total in held.items() if total > 0 and at >= row.trial_started_at]
            assert row.converted_at == min(paid, default=None)


@given(histories)
def test_what_has_ended_has_no_revenue(recorded_events: list[RecordedEvent]) -> None:
    """By no policy does revenue outlast the service, whatever ended it and however often that was told."""
    tables = run(recorded_events).tables.values()
    for told in tables:
        if isinstance(told, SubscriptionHistoryRow) and told.valid_to is None and told.status == "ENDED":
            assert told.service_ends_at is not None
            mine = [
                row for row in tables if isinstance(row, MrrItemRow) and row.subscription_id == told.subscription_id
            ]
            assert all(row.valid_to is not None and row.valid_to <= told.service_ends_at for row in mine)
