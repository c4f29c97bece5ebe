"""The second opinion on merged accounts: which account counts as which, from the events alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from infra.demo.company import Figure
from infra.demo.oracle_billing import MONTHS, following, owed, standing, starts, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.company import Company

_LATER = 2**62
_MICROS = 1_000_000


def customer(company: Company, account: str, at: int = _LATER) -> str:
    """Return the account that one counts as at a moment, which is now where none is given."""
    told = [*company.of("account_merged"), *company.of("account_unmerged")]
    mine = [each for each in told if each["account_id"] == account and each["occurred_at"] <= at]
    newest = max(mine, key=lambda each: each["occurred_at"], default=None)
    if newest is None or newest["event_id"] in company.kinds.get("account_unmerged", {}):
        return account
    return customer(company, str(newest["survivor_id"]), at)


def figures(company: Company) -> Iterator[Figure]:
    """Yield what each customer paid by the month at the end of the last day of each month, and its open invoices."""
    kinds = {kind: standing(company.of(kind)) for kind in company.kinds}
    found = list(steps(kinds))
    in_dollars = {rate["base"]: Fraction(rate["rate_micros"], _MICROS) for rate in company.of("fx_rate_set")}
    for month in MONTHS:
        end = starts(following(month))
        paid: defaultdict[str, Fraction] = defaultdict(Fraction)
        for account, step in {step.account: step for step in found if step.at < end}.items():
            rate = in_dollars.get(step.currency, Fraction(1))
            paid[customer(company, account, end - 1)] += Fraction(step.mrr, _MICROS) * rate
        invoices: defaultdict[str, int] = defaultdict(int)
        for each in owed(kinds, end):
            invoices[customer(company, each.account, end - 1)] += 1
        last = str(following(month) - dt.timedelta(days=1))
        for name, amount in paid.items():
            if amount:
                yield Figure(
                    "customer_mrr", "day", last, "customer", name, "", float(amount), float(amount), invoices[name]
                )
