"""Subscriptions that change at one moment: however many they are, rows are those of the movement that they make."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import segments
from streams.core.algebra import RecordedEvent
from streams.core.billing import crowd
from streams.core.events import SubscriptionItem, SubscriptionPaused, SubscriptionStarted
from streams.core.rows_subscription import MrrMovementRow
from streams.core.rules import Rules
from tests.streams.core.billing.test_money_depth import costs
from tests.streams.core.test_laws import mrr_policies, rows_of_states
from tests.support.histories import HOUR, START, histories_of
from tests.support.histories_billing import SUBSCRIPTIONS
from tests.support.machine import Machine, figures

DAY = 24 * HOUR
_CROWDED = st.tuples(
    st.one_of(*SUBSCRIPTIONS.values()),
    st.integers(1, 9).map("s{}".format),
    st.sampled_from([START + DAY, START + DAY, START + DAY, START + 9 * DAY]),
).map(lambda drawn: msgspec.structs.replace(drawn[0], subscription_id=drawn[1], effective_at=drawn[2]))


@pytest.mark.parametrize(("most", "size"), [(0, 1), (0, 64), (1, 2), (2, 3), (3, 2)])
@given(st.data())
def test_rows_do_not_show_whether_postings_are_kept(most: int, size: int, data: st.DataObject) -> None:
    """A crowd is judged by its sums, a few postings by themselves: growth, losses and returns must come out alike.

    The plain fold keeps all postings of a moment, and knows no crowd.
    """
    machine = Machine()
    before = segments.SEGMENT, segments.CHUNK, crowd.MOST
    segments.SEGMENT, segments.CHUNK = size, 2
    try:
        for recorded in data.draw(histories_of(_CROWDED, 14)):
            crowd.MOST = most
            machine.feed(recorded)
            if data.draw(st.booleans()):
                machine.save()
            if data.draw(st.integers(0, 4)) == 0:
                machine.settle(Rules(mrr=data.draw(mrr_policies)))
            if data.draw(st.integers(0, 3)) == 0:
                assert figures(machine) == rows_of_states(machine)
        assert figures(machine) == rows_of_states(machine)
    finally:
        segments.SEGMENT, segments.CHUNK, crowd.MOST = before


def started(number: int, at: int, amount: int = 1_000) -> RecordedEvent:
    """A subscription of a reseller; ids come in no order."""
    item = SubscriptionItem(item_id="i", plan_id="p", unit_amount=amount, interval="MONTH")
    event = SubscriptionStarted(
        event_id=f"e{number}", account_id="acme", occurred_at=at, source="s",
        subscription_id=f"s{number * 7_919 % 10_007:05d}", effective_at=at, status="ACTIVE", items=(item,),
        currency="USD", exponent=2, period_start=at, period_end=at + 30 * DAY,
    )  # fmt: skip
    return RecordedEvent(event, at)


@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_a_posting_that_leaves_a_crowd_leaves_nothing(chance: Any, most: int) -> None:
    """Starts are said again, with other prices and other first days: what stood in their place must not count."""
    machine, before = Machine(), crowd.MOST
    crowd.MOST = most
    try:
        for number in range(chance.randrange(7, 20)):
            at = START + DAY * (number > 3)
            told = started(number if number < 4 else chance.randrange(4), at, chance.choice([1_000, 2_000])).event
            first = at - chance.choice([0, 0, 0, 0, 0, 0, 3]) * DAY
            said = msgspec.structs.replace(
                told, event_id=f"e{number}", period_start=first, currency=chance.choice(["USD"] * 7 + ["EUR"])
            )
            machine.feed(RecordedEvent(said, at))
            machine.save()
        assert figures(machine) == rows_of_states(machine)
    finally:
        crowd.MOST = before


def at_one_midnight(number: int) -> Sequence[RecordedEvent]:
    return [started(number, START)]


def test_one_more_subscription_at_the_same_moment_costs_what_the_others_did() -> None:
    """A reseller's subscriptions begin at one midnight: the ten thousandth must not read and write all others."""
    found = costs(at_one_midnight, 500)
    few, many = found[40:80], found[-40:]
    assert sum(work for work, _ in many) < 2 * sum(work for work, _ in few)
    assert sum(size for _, size in many) < 2 * sum(size for _, size in few)


def test_a_moment_that_becomes_another_movement_has_other_rows() -> None:
    """Thirty subscriptions shrink and one grows by more than all of them: none of it was a contraction."""
    machine = Machine()
    for number in range(30):
        machine.feed(started(number, START, 2_000))
        changed = msgspec.structs.replace(started(number, START + DAY).event, event_id=f"f{number}")
        machine.feed(RecordedEvent(changed, START + DAY))
    assert kinds_at(machine, START + DAY) == {"contraction"}
    machine.feed(started(99, START + DAY, 1_000_000))
    assert kinds_at(machine, START + DAY) == {"expansion"}
    assert figures(machine) == rows_of_states(machine)


def kinds_at(machine: Machine, at: int) -> set[str]:
    return {row.kind for row in machine.tables.values() if isinstance(row, MrrMovementRow) and row.at == at}


@pytest.mark.parametrize("most", [0, 16])
def test_a_pause_is_no_part_of_what_nets(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One subscription pauses while another one grows by less: that is a pause and an expansion, not a contraction."""
    monkeypatch.setattr(crowd, "MOST", most)
    machine = Machine()
    machine.feed(started(0, START))
    machine.feed(started(1, START, 5_000))
    grown = msgspec.structs.replace(started(0, START + DAY, 2_000).event, event_id="grown")
    name = started(1, START).event.subscription_id  # type: ignore[union-attr]
    paused = SubscriptionPaused(
        event_id="paused", account_id="acme", occurred_at=START + DAY, source="s", subscription_id=name,
        effective_at=START + DAY,
    )  # fmt: skip
    machine.feed(RecordedEvent(grown, START + DAY))
    machine.feed(RecordedEvent(paused, START + DAY))
    kinds = {
        (row.subscription_id == name, row.kind)
        for row in machine.tables.values()
        if isinstance(row, MrrMovementRow) and row.at == START + DAY and row.policy == "cxledger"
    }
    assert kinds == {(True, "pause"), (False, "expansion")}
