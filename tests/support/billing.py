"""Subscriptions told day by day, for examples: days are counted from the start of 2026."""

import datetime as dt
from typing import Any

from streams.core.algebra import RecordedEvent
from streams.core.events import Discount, Event, SubscriptionItem, SubscriptionStarted
from tests.support.records import uid

DAY = 86_400_000_000
NEW_YEAR = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000


def day(number: int) -> int:
    return NEW_YEAR + number * DAY


def item(
    amount: int, interval: Any = "MONTH", plan: str = "basic", *, quantity: int = 1, item_id: str = "i1", **others: Any
) -> SubscriptionItem:
    """An item at `amount` minor units per interval."""
    return SubscriptionItem(
        item_id=item_id, plan_id=plan, quantity=quantity, unit_amount=amount, interval=interval, **others
    )


def discount(kind: Any, value: int, duration: Any, ends: int | None = None) -> Discount:
    return Discount(kind=kind, value=value, duration=duration, ends_at=None if ends is None else day(ends))


class Story:
    """Events of one account, numbered as they are told; each is stored when it happens unless `stored` says when."""

    def __init__(self) -> None:
        self.recorded_events: list[RecordedEvent] = []

    def tell(
        self,
        kind: type[Any],
        at: int,
        subscription: str = "s1",
        *,
        told: int | None = None,
        stored: int | None = None,
        **fields: Any,
    ) -> str:
        """Tell an event that takes effect on a day, on that day unless `told` names another; returns its id."""
        event_id = uid(len(self.recorded_events) + 1)
        event: Event = kind(
            event_id=event_id,
            account_id="acme",
            occurred_at=day(at if told is None else told),
            source="stripe:main",
            subscription_id=subscription,
            effective_at=day(at),
            **fields,
        )
        self.recorded_events.append(RecordedEvent(event, day(at if stored is None else stored)))
        return event_id

    def state(
        self,
        at: int,
        *items: SubscriptionItem,
        kind: type[Any] = SubscriptionStarted,
        status: str = "ACTIVE",
        **fields: Any,
    ) -> str:
        """Tell a full state; its service period is the 30 days from `since` (the day itself) on."""
        since = fields.pop("since", at)
        money = {"currency": "USD", "exponent": 2}
        periods = {"period_start": day(since), "period_end": day(fields.pop("until", since + 30))}
        return self.tell(kind, at, status=status, items=items, **(money | periods | fields))
