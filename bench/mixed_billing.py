"""Survey and billing events at one to three, as a company with paying customers has them.

To each unit of bench.mixed belongs a subscription that grows every second day, with an invoice each time: most are
paid at once, some at the second attempt, some are given back in part; a third of the subscriptions end. All lies
within the last days, because events older than two weeks leave restatements, which live traffic does not.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bench.mixed import MARKS, WINDOW, Templates, filled, of, reference, surveyed, units_of
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.mixed import Fill, Record

    Kind = tuple[Fill, Callable[[int], bool]]

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_STEP = 48 * _HOUR
_PERIOD = 30 * 24 * _HOUR
STEPS = 4
LASTS = (STEPS + 1) * _STEP
"""How long a unit's events take at most (microseconds)."""
_UNIT = MARKS[2].decode()
_MONEY = {"currency": "USD", "exponent": 2}
_SUBSCRIPTION = {"subscription_id": _UNIT}
_ACCOUNT_SHARE = 100
FEWEST_ACCOUNTS = 10_000


def beginning(count: int, now: int) -> int:
    """When `count` records must begin to have happened by `now` (microseconds)."""
    return now - int(count / WINDOW / 16 + 1) * 60 * _SECOND - LASTS


def records(count: int, start: int) -> Iterator[Record]:
    """`count` records, the same for the same arguments; an account has a handful of subscriptions, however many."""
    accounts = max(FEWEST_ACCOUNTS, count // _ACCOUNT_SHARE)
    endless = windows(Codec(), start, min(accounts, count), itertools.count())
    return itertools.islice(itertools.chain.from_iterable(endless), count)


def windows(codec: Codec, start: int, accounts: int, number: Iterator[int]) -> Iterator[Iterator[Record]]:
    """Yield the records of one window of units after the other, to be taken in turn; reference data comes first."""
    first = reference(Templates(codec, start), accounts, number)
    for window in itertools.count():
        templates, units = Templates(codec, start + window * 60 * _SECOND), units_of(window)
        survey = filled("survey", surveyed(templates), units, accounts, number)
        billing = filled("billing", _billed(templates, templates.start), units, accounts, number)
        yield itertools.chain(first, survey, billing)
        first = iter(())


def _billed(templates: Templates, start: int) -> list[Kind]:
    """Templates in the order in which they happen to a window of units, and which units each happens to."""
    kinds: list[Kind] = []
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
