"""Let accounts subscribe: one course each, from the first seat to the last, as full states and as partial events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.deals import DEALS, PERIOD, PERIODS, PLANS, RATES, TRIAL
from infra.demo.purse import HORIZON, Line, Purse
from infra.demo.voice import Told, Voice
from infra.demo.world import ACCOUNTS, DAY, HOUR, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account

Item = dict[str, Any]
_PERCENT = 10_000


class Subscriber(Purse):
    """Tells one account's subscriptions and, with them, its invoices."""

    def story(self) -> Iterator[Told]:
        begin = START + self.chance.randrange(10 * DAY) + HOUR
        course, main = self.deal.course, self.name("subscription")
        match course:
            case "churns" | "returns":
                yield from self._until_cancelled(main, begin, 2)
                if course == "returns":
                    yield from self._running(self.name("subscription"), begin + 3 * PERIOD + 3 * DAY, 2)
            case "fails":
                yield from self._running(main, begin, 3, hopeless_from=2)
                yield self._ended(main, begin + 3 * PERIOD, "PAYMENT_FAILURE")
            case "tries" | "leaves_trial":
                yield from self._trial(main, begin)
            case _:
                yield from self._running(main, begin, PERIODS)
        yield from self._besides(main, begin)

    def _besides(self, main: str, begin: int) -> Iterator[Told]:
        """Yield what happens between renewals, or next to the main subscription."""
        match self.deal.course:
            case "steady":
                yield from self.mistaken(begin + 40 * DAY)
                test = self._state(self.name("subscription"), [self._seats(1_000)], begin, PERIOD)
                yield self.event("subscription_started", begin, **test, is_test=True)
            case "pauses":
                paused, resumed = begin + 2 * PERIOD + 12 * DAY, begin + 2 * PERIOD + 27 * DAY
                yield self.event("subscription_paused", paused, subscription_id=main, effective_at=paused)
                yield self.event("subscription_resumed", resumed, subscription_id=main, effective_at=resumed)
            case "second":
                yield from self._until_cancelled(self.name("subscription"), begin + 20 * DAY, 2)
            case "corrected":
                yield from self._corrected(main, begin + PERIOD)
            case _:
                return

    def _seats(self, number: int, discounts: tuple[dict[str, Any], ...] = ()) -> Item:
        return {
            "item_id": "seats", "plan_id": "demo-team", "product_line": PLANS["demo-team"][1], "quantity": number,
            "unit_amount": self.deal.seat, "interval": "MONTH", "discounts": list(discounts),
        }  # fmt: skip

    def _items(self, period: int, begin: int) -> list[Item]:
        """Return what is subscribed to in a period, counted from 0."""
        match self.deal.course:
            case "grows":
                seats = self._seats(self.deal.seats + 3 * (period >= 1))
                panel = {
                    "item_id": "panel", "plan_id": "demo-panel", "product_line": PLANS["demo-panel"][1], "quantity": 1,
                    "unit_amount": self.deal.panel, "interval": "YEAR",
                }  # fmt: skip
                return [seats, panel] if period > 1 else [seats]
            case "shrinks":
                return [self._seats(self.deal.seats - 7 * (period > 1))]
            case "discount":
                for_ever = {"kind": "PERCENT", "value": 2_500, "duration": "FOREVER"}
                # Ends between two renewals: revenue rises with no event of that day.
                ends_at = begin + 2 * PERIOD + 5 * DAY
                repeating = {"kind": "AMOUNT", "value": 1_000, "duration": "REPEATING", "ends_at": ends_at}
                once = {"kind": "PERCENT", "value": 5_000, "duration": "ONCE"}
                return [self._seats(self.deal.seats, (for_ever, repeating, *([once] if period == 0 else [])))]
            case _:
                return [self._seats(self.deal.seats)]

    def _state(self, subscription: str, items: list[Item], at: int, span: int, **more: Any) -> dict[str, Any]:
        state = {
            "subscription_id": subscription, "status": "ACTIVE", "items": items, "effective_at": at,
            "period_start": at, "period_end": at + span, **self.money,
        }  # fmt: skip
        return {**state, **more}

    def _lines(self, items: list[Item], at: int, *, first: bool) -> list[Line]:
        """Return what is charged at a renewal; what runs for a year only when it is new."""
        return [(item, _charge(item, at)) for item in items if first or item["interval"] == "MONTH"]

    def _running(
        self, subscription: str, begin: int, periods: int, *, hopeless_from: int = PERIODS, started: bool = False
    ) -> Iterator[Told]:
        """Yield a start, unless it was told before, and renewals, each with its invoice."""
        before: list[Item] = []
        for period in range(periods):
            at, items = begin + period * PERIOD, self._items(period, begin)
            state = self._state(subscription, items, at, PERIOD)
            if period == 0 and not started:
                yield self.event("subscription_started", at, **state)
            elif period:
                yield self.event("subscription_changed", at, **state, change_kind="RENEWAL")
            known = {item["item_id"] for item in before}
            lines = [
                line
                for item in items
                for line in self._lines([item], at, first=item["item_id"] not in known)
            ]  # fmt: skip
            reason = "RENEWAL" if period else "SUBSCRIPTION_START"
            yield from self.billed(lines, at, subscription, reason, hopeless=period >= hopeless_from)
            before = items

    def _ended(self, subscription: str, at: int, reason: str) -> Told:
        return self.event("subscription_ended", at, subscription_id=subscription, effective_at=at, reason=reason)

    def _until_cancelled(self, subscription: str, begin: int, periods: int) -> Iterator[Told]:
        yield from self._running(subscription, begin, periods)
        end = begin + periods * PERIOD
        asked = end - 20 * DAY
        yield self.event("subscription_cancel_scheduled", asked, subscription_id=subscription, effective_at=asked,
                         ends_at=end, reason="VOLUNTARY", actor="CUSTOMER")  # fmt: skip
        yield self._ended(subscription, end, "VOLUNTARY")

    def _trial(self, subscription: str, begin: int) -> Iterator[Told]:
        until = begin + TRIAL
        state = self._state(subscription, self._items(0, begin), begin, TRIAL, status="TRIALING", trial_ends_at=until)
        yield self.event("subscription_started", begin, **state)
        if self.deal.course == "leaves_trial":
            yield self._ended(subscription, until, "VOLUNTARY")
            return
        yield self.event("subscription_trial_converted", until, subscription_id=subscription, effective_at=until)
        yield from self._running(subscription, until, PERIODS - 1, started=True)

    def _corrected(self, subscription: str, at: int) -> Iterator[Told]:
        """Yield a change with ten times the seats, and the next day what it should have said."""
        changed = at + 5 * DAY

        def told(seats: int, when: int, **more: Any) -> Told:
            state = self._state(subscription, [self._seats(seats)], at, PERIOD, effective_at=changed)
            return self.event("subscription_changed", when, **state, change_kind="QUANTITY", **more)

        wrong = told(self.deal.seats * 10, changed)
        yield wrong
        yield told(self.deal.seats + 1, changed + DAY, corrects_event_id=wrong[1]["event_id"])


def _charge(item: Item, at: int) -> int:
    """Return what an item costs at a renewal, less the discounts that hold then, in minor units."""
    charge: int = item["quantity"] * item["unit_amount"]
    for discount in item.get("discounts", ()):
        if discount.get("ends_at", HORIZON) <= at:
            continue
        share = charge * discount["value"] // _PERCENT
        charge -= share if discount["kind"] == "PERCENT" else discount["value"]
    return charge


def settings(seed: int) -> list[Told]:
    """Return the plans and the exchange rates."""
    voice = Voice(ACCOUNTS[0], seed, "/settings")
    since = START - 60 * DAY
    rates = [
        voice.event("fx_rate_set", since, account_id=f"fx:{base}:USD", base=base, quote="USD", rate_micros=rate,
                    valid_from=since)
        for base, rate in RATES.items()
    ]  # fmt: skip
    plans = [
        voice.event("plan_set", since, account_id=f"plan:{plan}", plan_id=plan, name=name, product_line=line,
                    valid_from=since)
        for plan, (name, line) in PLANS.items()
    ]  # fmt: skip
    return rates + plans


def tell(account: Account, seed: int) -> list[Told]:
    """Return the money of an account, ordered by when it happened."""
    story = Subscriber(account, DEALS[account.id], seed).story()
    return sorted(story, key=lambda told: told[1]["occurred_at"])
