"""Survey and billing events at one to three, as a company with paying customers has them.

To each unit of bench.mixed belongs a subscription of four months: an invoice a month, most paid at once, some at the
second attempt, some given back in part, some subscriptions ended.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bench.mixed import MARKS, WINDOW, Templates, filled, of, reference, surveyed
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.mixed import Fill, Record

    Kind = tuple[Fill, Callable[[int], bool]]

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_MONTH = 730 * _HOUR
MONTHS = 4
_UNIT = MARKS[2].decode()
_MONEY = {"currency": "USD", "exponent": 2}
_SUBSCRIPTION = {"subscription_id": _UNIT}
_ACCOUNT_SHARE = 100
_FEWEST_ACCOUNTS = 10_000


def beginning(count: int, now: int) -> int:
    """When `count` records must begin to have happened by `now` (microseconds)."""
    return now - int(count / WINDOW / 16 + 1) * 60 * _SECOND - (MONTHS + 1) * _MONTH


def records(count: int, start: int) -> Iterator[Record]:
    """`count` records, the same for the same arguments; an account has a handful of subscriptions, however many."""
    accounts = max(_FEWEST_ACCOUNTS, count // _ACCOUNT_SHARE)
    return itertools.islice(_endless(start, min(accounts, count)), count)


def _endless(start: int, accounts: int) -> Iterator[Record]:
    codec, number = Codec(), itertools.count()
    yield from reference(Templates(codec, start), accounts, number)
    for window in itertools.count():
        templates = Templates(codec, start + window * 60 * _SECOND)
        yield from filled("survey", surveyed(templates), window, accounts, number)
        yield from filled("billing", _billed(templates, templates.start), window, accounts, number)


def _billed(templates: Templates, start: int) -> list[Kind]:
    """Templates in the order in which they happen to a window of units, and which units each happens to."""
    kinds: list[Kind] = []
    for month in range(MONTHS):
        kinds += _month(templates, start, month)
    ended = MONTHS * _MONTH
    kinds.append((
        templates.of("subscription_ended", ended, **_SUBSCRIPTION, effective_at=start + ended, reason="VOLUNTARY"),
        of(3, 0),
    ))  # fmt: skip
    return kinds


def _month(templates: Templates, start: int, month: int) -> list[Kind]:
    after, invoice = month * _MONTH, f"{_UNIT}-{month}"
    at = start + after
    item = {"item_id": "seats", "plan_id": "team", "product_line": "surveys", "quantity": 3 + month,
            "unit_amount": 1_500, "interval": "MONTH"}  # fmt: skip
    state = {**_SUBSCRIPTION, **_MONEY, "status": "ACTIVE", "items": [item], "period_start": at,
             "period_end": at + _MONTH, "effective_at": at}  # fmt: skip
    total = item["quantity"] * item["unit_amount"]  # type: ignore[operator] # both are numbers
    line = {"line_id": "1", **_SUBSCRIPTION, "item_id": "seats", "amount": total, "kind": "SUBSCRIPTION"}
    named = {"invoice_id": invoice, **_MONEY}
    paid = after + _HOUR
    changed = ("subscription_changed", {"change_kind": "RENEWAL"}) if month else ("subscription_started", {})
    return [
        (templates.of(changed[0], after, **state, **changed[1]), lambda _: True),
        (templates.of("invoice_issued", after, **named, issued_at=at, due_at=at + _MONTH, total=total, lines=[line],
                      collection_method="CHARGE_AUTOMATICALLY", billing_reason="RENEWAL"), lambda _: True),
        (templates.of("invoice_payment_failed", after + _HOUR // 2, **named, amount=total, failure_kind="SOFT",
                      failure_code="insufficient_funds"), of(8, month)),
        (templates.of("invoice_paid", paid, **named, payment_id=invoice, amount=total, paid_at=start + paid,
                      method="card"), lambda unit: unit % 50 != month),
        (templates.of("payment_refunded", paid + _HOUR, **named, refund_id=invoice, payment_id=invoice,
                      amount=total // 3, refunded_at=start + paid + _HOUR), of(25, month + 10)),
    ]  # fmt: skip
