"""The rows of money that the demonstration must come to, under the keys by which the views are asked for them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from infra.demo.company import Figure
from infra.demo.oracle_billing import MONTHS, following, owed, standing, starts, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields
    from infra.demo.oracle_billing import Step

    Slices = Callable[[int, str], list[tuple[str, str]]]

_MICROS = 1_000_000


def _kinds(company: Company) -> dict[str, list[Fields]]:
    return {kind: standing(company.of(kind)) for kind in company.kinds}


def month_of(at: int) -> str:
    """Return the month of the demonstration that a time lies in."""
    return str(max(month for month in MONTHS if starts(month) <= at))


def in_dollars(rates: list[Fields]) -> dict[str, Fraction]:
    """Return what a unit of each currency is in dollars; the demonstration's rates never change."""
    return {rate["base"]: Fraction(rate["rate_micros"], _MICROS) for rate in rates} | {"USD": Fraction(1)}


def _movements(found: list[Step]) -> Iterator[Figure]:
    """Yield what moved in a month by kind, and how many accounts' changes that were."""
    groups: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for step in found:
        for dimension, part in (("all", ""), ("account", step.account)):
            groups[month_of(step.at), dimension, part, f"{step.kind} {step.currency}"].append(step.mrr - step.before)
    for (month, dimension, part, item), amounts in groups.items():
        total = sum(amounts) / _MICROS
        yield Figure("mrr_movement", "month", month, dimension, part, item, total, total, len(amounts))


def _revenue(found: list[Step], rates: list[Fields], slices: Slices) -> Iterator[Figure]:
    """Yield the revenue that stood at the end of each month, in dollars; the demonstration's rates never change."""
    dollars = in_dollars(rates)
    for month in MONTHS:
        end = starts(following(month))
        standing_then = {step.account: step for step in found if step.at < end}
        groups: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
        for account, step in standing_then.items():
            if step.mrr:
                for place in slices(end - 1, account):
                    groups[place].append(Fraction(step.mrr, _MICROS) * dollars[step.currency])
        for (dimension, part), amounts in groups.items():
            total = float(sum(amounts))
            yield Figure("mrr", "month", str(month), dimension, part, "", total, total, len(amounts))


def _receivables(kinds: dict[str, list[Fields]], slices: Slices) -> Iterator[Figure]:
    """Yield what was open, and of it past due, at the end of the last day of each month."""
    for month in MONTHS:
        end = starts(following(month))
        groups: dict[tuple[str, str, str], list[tuple[Fraction, Fraction]]] = defaultdict(list)
        for each in owed(kinds, end):
            for dimension, part in slices(end - 1, each.account):
                overdue = each.open if each.overdue else Fraction(0)
                groups[dimension, part, each.currency].append((each.open, overdue))
        for (dimension, part, currency), amounts in groups.items():
            total, late = float(sum(each[0] for each in amounts)), float(sum(each[1] for each in amounts))
            last = _last_day(month)
            yield Figure("ar_open", "day", last, dimension, part, currency, total, late, len(amounts))


def _last_day(month: dt.date) -> str:
    return str(following(month) - dt.timedelta(days=1))


def _sums(metric: str, events: list[Fields], at: str) -> Iterator[Figure]:
    """Yield sums of amounts by month."""
    groups: dict[tuple[str, str, str, str], list[Fraction]] = defaultdict(list)
    for fields in events:
        for dimension, part in (("all", ""), ("account", fields["account_id"])):
            amount = Fraction(fields["amount"], 10 ** fields["exponent"])
            groups[month_of(fields[at]), dimension, part, fields["currency"]].append(amount)
    for (month, dimension, part, currency), amounts in groups.items():
        total = float(sum(amounts))
        yield Figure(metric, "month", month, dimension, part, currency, total, total, len(amounts))


def money(company: Company, slices: Slices) -> Iterator[Figure]:
    """Yield every figure of money; ``slices`` tells an account's slices as they were at a time."""
    kinds = _kinds(company)
    found = list(steps(kinds))
    yield from _movements(found)
    yield from _revenue(found, company.of("fx_rate_set"), slices)
    yield from _receivables(kinds, slices)
    failed = {fields["refund_id"] for fields in kinds.get("refund_failed", [])}
    refunds = [fields for fields in kinds.get("payment_refunded", []) if fields["refund_id"] not in failed]
    yield from _sums("refunded", refunds, "refunded_at")
    claimed = [fields for fields in kinds.get("dispute_opened", []) if fields.get("payment_id")]
    yield from _sums("charged_back", claimed, "occurred_at")
    yield from _sums("paid", kinds.get("invoice_paid", []), "paid_at")
