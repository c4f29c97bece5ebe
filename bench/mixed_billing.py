"""Survey and billing events at one to three, as a company with paying customers has them, in order of time.

To each unit of bench.mixed belongs a subscription that grows every three hours, with an invoice each time: most are
paid at once, some at the second attempt, some are given back in part; a third of the subscriptions end. All lies
within the last days, because events older than two weeks leave restatements, which live traffic does not; hence the
haste, by which half a minute of traffic has seen everything happen.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bench.mixed import MARKS, WINDOW, Feed, Templates, in_time, of, reference, surveyed
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.mixed import Kind, Record

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_STEP = 3 * _HOUR
_PERIOD = 30 * 24 * _HOUR
STEPS = 4
LASTS = (STEPS + 1) * _STEP
"""How long a unit's events take at most (microseconds)."""
WINDOW_US = 3 * _HOUR
"""Time between windows of units (microseconds), where all of them fit into the last days so."""
_LONGEST = 12 * 24 * _HOUR
_UNIT = MARKS[2].decode()
_MONEY = {"currency": "USD", "exponent": 2}
_SUBSCRIPTION = {"subscription_id": _UNIT}
_ACCOUNT_SHARE = 100
FEWEST_ACCOUNTS = 10_000


def beginning(count: int, now: int) -> int:
    """When `count` records must begin to have happened by `now` (microseconds)."""
    return now - _windows(count) * window_us(_windows(count)) - LASTS


def _windows(count: int) -> int:
    return count // WINDOW // 16 + 1


def window_us(windows: int) -> int:
    """Return the time between so many windows (microseconds)."""
    return min(WINDOW_US, _LONGEST // windows)


def records(count: int, start: int) -> Iterator[Record]:
    """`count` records, the same for the same arguments; an account has a handful of subscriptions, however many."""
    endless = windows(Codec(), start, window_us(_windows(count)), _accounts(count), itertools.count())
    return itertools.islice(itertools.chain.from_iterable(endless), count)


def _accounts(count: int) -> int:
    return min(max(FEWEST_ACCOUNTS, count // _ACCOUNT_SHARE), count)


def set_up(count: int) -> int:
    """Return how many events beside reference data are taken in by the time all of that is, of `count` records.

    It has two records of an account on a topic of its own; a cycle takes as much of each topic as there is.
    """
    return min(4 * _accounts(count), count // 4)


def windows(codec: Codec, start: int, step: int, accounts: int, number: Iterator[int]) -> Iterator[Iterator[Record]]:
    """Yield what happens within one window of time after the other, to be taken in turn; reference data comes first.

    `step` is how long a window lasts (microseconds).
    """
    first = reference(Templates(codec, start), accounts, number)
    feeds = (Feed("survey", surveyed), Feed("billing", _billed))
    for happened in in_time(codec, start, step, feeds, accounts, number):
        yield itertools.chain(first, happened)
        first = iter(())


def _billed(templates: Templates) -> list[Kind]:
    """Templates in the order in which they happen to a window of units, and which units each happens to."""
    kinds: list[Kind] = []
    start = templates.start
    for number in range(STEPS):
        kinds += _step(templates, start, number)
    ended = STEPS * _STEP
    kinds.append((
        templates.of("subscription_ended", ended, **_SUBSCRIPTION, effective_at=start + ended, reason="VOLUNTARY"),
        of(3, 0),
    ))  # fmt: skip
    return kinds


def _step(templates: Templates, start: int, step: int) -> list[Kind]:
    after, invoice = step * _STEP, f"{_UNIT}-{step}"
    at = start + after
    item = {"item_id": "seats", "plan_id": "team", "product_line": "surveys", "quantity": 3 + step,
            "unit_amount": 1_500, "interval": "MONTH"}  # fmt: skip
    state = {**_SUBSCRIPTION, **_MONEY, "status": "ACTIVE", "items": [item], "period_start": at,
             "period_end": at + _PERIOD, "effective_at": at}  # fmt: skip
    total = item["quantity"] * item["unit_amount"]  # type: ignore[operator] # both are numbers
    line = {"line_id": "1", **_SUBSCRIPTION, "item_id": "seats", "amount": total, "kind": "SUBSCRIPTION"}
    named = {"invoice_id": invoice, **_MONEY}
    paid = after + _HOUR
    changed = ("subscription_changed", {"change_kind": "QUANTITY"}) if step else ("subscription_started", {})
    return [
        (templates.of(changed[0], after, **state, **changed[1]), lambda _: True),
        (templates.of("invoice_issued", after, **named, issued_at=at, due_at=at + _PERIOD, total=total, lines=[line],
                      collection_method="CHARGE_AUTOMATICALLY", billing_reason="CHANGE"), lambda _: True),
        (templates.of("invoice_payment_failed", after + _HOUR // 2, **named, amount=total, failure_kind="SOFT",
                      failure_code="insufficient_funds"), of(8, step)),
        (templates.of("invoice_paid", paid, **named, payment_id=invoice, amount=total, paid_at=start + paid,
                      method="card"), lambda unit: unit % 50 != step),
        (templates.of("payment_refunded", paid + _HOUR, **named, refund_id=invoice, payment_id=invoice,
                      amount=total // 3, refunded_at=start + paid + _HOUR), of(25, step + 10)),
    ]  # fmt: skip
