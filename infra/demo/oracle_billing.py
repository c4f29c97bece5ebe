"""Count what the demonstration's money amounts to, in plain Python from the events that were sent.

Like the oracle of the surveys it shares nothing with the product but the definitions: amounts are exact fractions here.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.company import Fields

_MICROS = 1_000_000
_PERCENT = 10_000
_MONTHS = {"MONTH": Fraction(1), "YEAR": Fraction(12)}
MONTHS = [dt.date(2025, month, 1) for month in range(1, 7)]
_FULL = ("subscription_started", "subscription_changed")
_PARTIAL = ("subscription_trial_converted", "subscription_paused", "subscription_resumed", "subscription_ended")


class Step(msgspec.Struct, frozen=True):
    """From ``at`` on an account's revenue is ``mrr`` (millionths a month), which ``kind`` of movement brought about."""

    at: int
    account: str
    currency: str
    before: int
    mrr: int
    kind: str


def starts(month: dt.date) -> int:
    """Return the first microsecond of a month."""
    return int(dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC).timestamp()) * _MICROS


def following(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=32)).replace(day=1)


def standing(events: list[Fields]) -> list[Fields]:
    """Return what is neither a test nor replaced by a correction."""
    replaced = {fields.get("corrects_event_id") for fields in events}
    return [fields for fields in events if fields["event_id"] not in replaced and not fields.get("is_test")]


def _monthly(item: Fields, exponent: int, at: int) -> int:
    """Return an item's revenue of a month in millionths, half to even; discounts for one charge only do not count."""
    charge = Fraction(item["quantity"] * item["unit_amount"], 10**exponent) * _MICROS
    for discount in item.get("discounts", ()):
        if discount["duration"] == "ONCE" or discount.get("ends_at", at + 1) <= at:
            continue
        if discount["kind"] == "PERCENT":
            charge *= 1 - Fraction(discount["value"], _PERCENT)
        else:
            charge -= Fraction(discount["value"], 10**exponent) * _MICROS
    a_month: Fraction = charge / (_MONTHS[item["interval"]] * item.get("interval_count", 1))
    return round(a_month)


class Course(msgspec.Struct):
    """One subscription: its events by when they take effect, and the moments at which its revenue may change."""

    events: list[tuple[str, Fields]]

    def moments(self) -> dict[int, str]:
        """Return each moment with the type of event that takes effect then; discounts end without one."""
        found = {
            discount["ends_at"]: ""
            for kind, fields in self.events
            if kind in _FULL
            for item in fields["items"]
            for discount in item.get("discounts", ())
            if "ends_at" in discount
        }
        return found | {fields["effective_at"]: kind for kind, fields in self.events}

    def mrr(self, at: int) -> int:
        state: Fields | None = None
        pays = False
        for kind, fields in self.events:
            if fields["effective_at"] > at:
                break
            if kind in _FULL:
                state, pays = fields, fields["status"] == "ACTIVE"
            else:
                pays = kind in ("subscription_trial_converted", "subscription_resumed")
        if state is None or not pays:
            return 0
        return sum(_monthly(item, state["exponent"], at) for item in state["items"])


def _courses(kinds: dict[str, list[Fields]]) -> dict[str, list[Course]]:
    """Return the subscriptions of each account."""
    events: dict[tuple[str, str], list[tuple[str, Fields]]] = defaultdict(list)
    for kind in (*_FULL, *_PARTIAL):
        for fields in kinds.get(kind, []):
            events[fields["account_id"], fields["subscription_id"]].append((kind, fields))
    found: dict[str, list[Course]] = defaultdict(list)
    for (account, _), told in sorted(events.items()):
        found[account].append(Course(sorted(told, key=lambda each: (each[1]["effective_at"], each[1]["occurred_at"]))))
    return found


def _kind(before: int, after: int, cause: str, *, paid_once: bool) -> str:
    if before == 0:
        if cause == "subscription_resumed":
            return "resume"
        return "reactivation" if paid_once else "new"
    if after == 0:
        return "pause" if cause == "subscription_paused" else "churn"
    return "expansion" if after > before else "contraction"


def steps(kinds: dict[str, list[Fields]]) -> Iterator[Step]:
    """Yield every change of an account's revenue, in order of time within the account."""
    for account, courses in _courses(kinds).items():
        moments: dict[int, str] = {}
        for course in courses:
            moments |= course.moments()
        before = 0
        paid_once = False
        currency = next(f["currency"] for course in courses for kind, f in course.events if kind in _FULL)
        for at, cause in sorted(moments.items()):
            after = sum(course.mrr(at) for course in courses)
            if after != before:
                kind = _kind(before, after, cause, paid_once=paid_once)
                yield Step(at, account, currency, before, after, kind)
            before, paid_once = after, paid_once or after > 0


class Owed(msgspec.Struct, frozen=True):
    """An invoice as it stood at a moment: what was open in major units, its due day, and whether that had passed."""

    account: str
    currency: str
    open: Fraction
    due: dt.date
    overdue: bool
    invoice: str


def _day(at: int) -> dt.date:
    return dt.datetime.fromtimestamp(at / _MICROS, dt.UTC).date()


def owed(kinds: dict[str, list[Fields]], until: int) -> Iterator[Owed]:
    """Yield what was open on each invoice at a moment, exclusive; the day that ends then is the one that counts."""
    told: dict[str, dict[str, list[Fields]]] = defaultdict(lambda: defaultdict(list))
    for kind in ("invoice_paid", "credit_note_issued", "invoice_written_off", "invoice_voided", "due_date_changed"):
        for fields in kinds.get(kind, []):
            if int(fields.get("paid_at") or fields["occurred_at"]) < until:
                told[fields["invoice_id"]][kind].append(fields)
    for issued in kinds.get("invoice_issued", []):
        about = told[issued["invoice_id"]]
        if issued["issued_at"] >= until or about["invoice_voided"] or about["invoice_written_off"]:
            continue
        settled = sum(fields["amount"] for fields in about["invoice_paid"] + about["credit_note_issued"])
        left = Fraction(issued["total"] - settled, 10 ** issued["exponent"])
        moved = sorted(about["due_date_changed"], key=lambda fields: fields["occurred_at"])
        due_at = (moved[-1] if moved else issued)["due_at"]
        if left > 0:
            due, last = _day(due_at), _day(until - 1)
            yield Owed(issued["account_id"], issued["currency"], left, due, due < last, issued["invoice_id"])
