"""What a subscription contributes, however it is worked out: by every policy the steps that this policy has alone."""

from typing import Any

import pytest
from hypothesis import example, given

from streams.core.algebra import RecordedEvent
from streams.core.billing import revenue
from streams.core.billing.choices import MrrPolicy, parse
from streams.core.columns import Row
from streams.core.events import (
    Event,
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionItem,
    SubscriptionPaused,
)
from streams.core.rows_subscription import MrrItemRow, MrrMovementRow
from streams.core.rules import Rules
from tests.support.billing import Story, day, discount, item
from tests.support.histories_billing import SUBSCRIPTIONS, billing_histories
from tests.support.machine import run

AS_SHIPPED = Rules()
STRIPE_CHANGED = Rules(mrr=(MrrPolicy("stripe", day(20), "v2", parse("stripe", "churn=effective")),))


def told(kind: type[Event] | None, *items: SubscriptionItem, **fields: Any) -> list[RecordedEvent]:
    """A month that is paid for, for `items` if any are given, then perhaps one event on its tenth day."""
    story = Story()
    story.state(0, *(items or (item(10_000),)))
    if kind is not None:
        story.tell(kind, 10, **fields)
    return story.recorded_events


def taken_back() -> list[RecordedEvent]:
    story = Story()
    story.state(0, item(10_000))
    story.tell(SubscriptionCancelScheduled, 10, ends_at=day(30), reason="VOLUNTARY")
    story.tell(SubscriptionCancelUnscheduled, 12)
    return story.recorded_events


def stated(**fields: Any) -> list[RecordedEvent]:
    """A month that is paid for, and a full state at its end."""
    story = Story()
    story.state(0, item(10_000))
    story.state(30, item(20_000), kind=SubscriptionChanged, until=60, **fields)
    return story.recorded_events


@pytest.mark.parametrize("rules", [AS_SHIPPED, STRIPE_CHANGED], ids=["as shipped", "one policy changed"])
@given(recorded_events=billing_histories(SUBSCRIPTIONS, max_size=12))
@example(recorded_events=stated(change_kind="PRICE"))
@example(recorded_events=stated(change_kind="RENEWAL"))
@example(recorded_events=stated(change_kind="STATUS", status="UNPAID"))
@example(recorded_events=told(None, item(10_000, discounts=(discount("AMOUNT", 6_000, "ONCE"),))))
@example(recorded_events=told(SubscriptionPaused, ends_at=None))
@example(recorded_events=told(SubscriptionEnded, reason="VOLUNTARY", ends_at=day(30)))
@example(recorded_events=taken_back())
def test_every_policy_has_the_revenue_that_it_has_alone(rules: Rules, recorded_events: list[RecordedEvent]) -> None:
    """Steps are worked out once where no policy has a choice; a choice overlooked would pay one policy like another."""
    together = revenue_by_policy(recorded_events, rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revenue, "is_plain", lambda _phase: False)
        assert together == revenue_by_policy(recorded_events, rules)


def revenue_by_policy(recorded_events: list[RecordedEvent], rules: Rules) -> dict[object, Row]:
    rows = run(recorded_events, rules=rules).tables
    return {name: row for name, row in rows.items() if isinstance(row, MrrItemRow | MrrMovementRow)}
