"""Count what the demonstration's day comes to, in plain Python from the events sent: what is at risk, and what is due.

Only what events alone decide is counted here: scores, and rules that watch them, are for the tests of their own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from infra.demo.company import Figure
from infra.demo.oracle_billing import owed, standing, steps
from infra.demo.oracle_merging import customer
from infra.demo.present import chapter
from infra.demo.ruling import MODEL, RULE
from infra.demo.world import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

RULES = ("cancel_scheduled", "onboarding_stalled", "overdue", "payment_failed", RULE)
"""Rules that watch facts, whose episodes follow from the events."""
_MICROS = 1_000_000
_OVERDUE = 61
_SEVERITIES = {"medium": 2, "high": 3}
_HORIZONS = (30, 60, 90)
_MODELS = ("default", MODEL)

Trouble = tuple[str, str, int, str]
"""Account, rule, when it began, severity."""


def _midnight(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * _MICROS


def _unpaid(kinds: dict[str, list[Fields]], at: int) -> Iterator[Trouble]:
    """Yield accounts that owe for more than 60 days, by their oldest invoice, and those whose payments fail."""
    open_ = list(owed(kinds, at))
    oldest: dict[str, dt.date] = {}
    for each in open_:
        oldest[each.account] = min(oldest.get(each.account, each.due), each.due)
    for account, due in oldest.items():
        since = _midnight(due) + _OVERDUE * DAY
        if since <= at:
            yield account, "overdue", since, "high"
    failing: dict[str, dict[str, int]] = defaultdict(dict)
    invoices = {each.invoice: each.account for each in open_}
    for failed in kinds.get("invoice_payment_failed", []):
        if failed["invoice_id"] in invoices:
            failing[invoices[failed["invoice_id"]]].setdefault(failed["invoice_id"], failed["occurred_at"])
    for account, first in failing.items():
        yield account, "payment_failed", min(first.values()), "medium" if len(first) == 1 else "high"


def _leaving(company: Company, at: int) -> Iterator[Trouble]:
    ended = {fields["subscription_id"] for fields in company.of("subscription_ended")}
    for fields in company.of("subscription_cancel_scheduled"):
        if fields["subscription_id"] not in ended and fields["ends_at"] > at:
            yield fields["account_id"], "cancel_scheduled", fields["effective_at"], "high"


def _stalled(company: Company, at: int) -> Iterator[Trouble]:
    """Yield onboardings whose oldest milestone of the newest plan was due the day before, or earlier."""
    plans = {fields["onboarding_id"]: fields for fields in company.of("onboarding_planned")}
    reached = {(fields["onboarding_id"], fields["milestone_code"]) for fields in company.of("milestone_reached")}
    for name, plan in plans.items():
        waits = [each["planned_at"] for each in plan["milestones"] if (name, each["milestone_code"]) not in reached]
        since = (min(waits, default=at) // DAY + 1) * DAY
        if since <= at:
            yield plan["account_id"], "onboarding_stalled", since, "medium"


def _urgent(company: Company) -> Iterator[Trouble]:
    done = {fields["ticket_id"] for fields in company.of("ticket_solved")}
    waiting: dict[str, list[int]] = defaultdict(list)
    for fields in company.of("ticket_opened"):
        if fields["priority"] == "urgent" and fields["ticket_id"] not in done:
            waiting[fields["account_id"]].append(fields["occurred_at"])
    for account, opened in waiting.items():
        yield account, RULE, min(opened), "medium" if len(opened) == 1 else "high"


def at_risk(company: Company, day: dt.date) -> Iterator[Figure]:
    """Yield every episode that is open as the day begins: its age in days, the customer's revenue, its severity."""
    kinds, at = {kind: standing(company.of(kind)) for kind in company.kinds}, _midnight(day)
    in_dollars = {rate["base"]: Fraction(rate["rate_micros"], _MICROS) for rate in company.of("fx_rate_set")}
    last = {step.account: step for step in steps(kinds)}
    paid: defaultdict[str, Fraction] = defaultdict(Fraction)
    for each in last.values():
        paid[customer(company, each.account, at)] += Fraction(each.mrr, _MICROS) * in_dollars.get(each.currency, 1)
    for account, rule, since, severity in (
        *_unpaid(kinds, at), *_leaving(company, at), *_stalled(company, at), *_urgent(company)
    ):  # fmt: skip
        step = last.get(account)
        if (step is not None and not step.mrr) or customer(company, account, at) != account:
            continue  # it has left, or counts as another one, and its risks are over
        key = ("risk_open", "day", str(day), "account", account, rule)
        yield Figure(*key, (at - since) / DAY, float(paid[account]), _SEVERITIES[severity])


def overridden(company: Company, day: dt.date) -> Iterator[Figure]:
    """Yield what persons say of an account's health that has not expired, beside each model's score."""
    at = _midnight(day)
    for fields in company.of("health_override_set"):
        if fields["set_at"] <= at < fields["expires_at"]:
            for model in _MODELS:
                item = f"{model} {fields['band']}"
                yield Figure("override", "day", str(day), "account", fields["account_id"], item, 1, 1, 1)


def due(company: Company, day: dt.date, slices: Callable[[int, str], list[tuple[str, str]]]) -> Iterator[Figure]:
    """Yield the yearly value of contracts due within 30, 60 and 90 days and not decided, and their number."""
    at, groups = _midnight(day), defaultdict[tuple[str, str, str], list[Fraction]](list)
    decided = {fields["contract_id"] for fields in company.of("renewal_decided")}
    newest = {fields["contract_id"]: fields for fields in company.of("contract_set")}
    for name, terms in newest.items():
        if name in decided or terms["ends_at"] is None:
            continue
        days = terms["ends_at"] // DAY - at // DAY
        for horizon in _HORIZONS:
            if 0 < days <= horizon:
                for dimension, part in slices(at, terms["account_id"]):
                    if dimension == "manager":
                        continue  # of accounts that are shared, each has a part
                    key = dimension, part, f"{horizon} {terms['currency']}"
                    groups[key].append(Fraction(terms["annual_value"], 10 ** terms["exponent"]))
    for (dimension, part, item), values in groups.items():
        total = float(sum(values))
        yield Figure("renewals_due", "day", str(day), dimension, part, item, total, total, len(values))


def figures(company: Company, day: dt.date, slices: Callable[[int, str], list[tuple[str, str]]]) -> Iterator[Figure]:
    """Yield all that is expected of a day; the company's events are those up to it. Raises ValueError for none."""
    chapter(day)
    yield from at_risk(company, day)
    yield from overridden(company, day)
    yield from due(company, day, slices)
