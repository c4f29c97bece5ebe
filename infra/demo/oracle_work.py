"""The second opinion on the work of the demonstration: deadlines, media and margins, from the events alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from infra.demo.company import Figure
from infra.demo.world import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

Deadline = tuple[int, str, bool]
"""A deadline: its moment, its account, and whether it was kept."""


def deadlines(company: Company) -> Iterator[Deadline]:
    """Yield the deadline of every task: by the first time that anybody agreed."""
    first: dict[tuple[str, str], int] = {}
    done: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for fields in company.of("task_due_set"):
        first.setdefault((fields["account_id"], fields["task_id"]), fields["due_at"])
    for fields in company.of("task_completed"):
        done[fields["account_id"], fields["task_id"]].append(fields["completed_at"])
    for (account, task), due in first.items():
        yield due, account, any(at <= due for at in done[account, task])


def media(company: Company, places: Callable[[int, str], list[tuple[str, str, str, str]]]) -> Iterator[Figure]:
    """Yield how far what was spent is from what was planned, by the day of either; the newest word on a line holds."""
    lines = {fields["plan_id"]: fields for fields in company.of("media_plan_set")}
    planned: defaultdict[tuple[str, ...], int] = defaultdict(int)
    spent: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for line in lines.values():
        days = (line["ends_at"] - line["starts_at"]) // DAY
        for day in range(0 if line.get("is_cancelled") else days):
            for place in places(line["starts_at"] + day * DAY, line["account_id"]):
                planned[place] += line["amount"] // days
    for report in company.of("media_spend_reported"):
        for place in places(report["spent_at"], report["account_id"]):
            spent[place].append(report["amount"])
    for (grain, start, dimension, part), cents in planned.items():
        reports = spent[grain, start, dimension, part]
        over = sum(reports) - cents
        value = 100 * over / cents
        yield Figure("media_variance", grain, start, dimension, part, "USD", value, over / 100, len(reports))


def _amount(fields: Fields, minor: Fraction | int) -> Fraction:
    exponent: int = fields["exponent"]
    return Fraction(minor) / Fraction(10) ** exponent


def _revenue(company: Company) -> Iterator[tuple[int, str, Fraction]]:
    """Yield each line of an invoice without tax, less its part of credit notes, in dollars; void invoices have none."""
    in_dollars = {rate["base"]: Fraction(rate["rate_micros"], 1_000_000) for rate in company.of("fx_rate_set")}
    void = {fields["invoice_id"] for fields in company.of("invoice_voided")}
    credited: defaultdict[str, int] = defaultdict(int)
    for note in company.of("credit_note_issued"):
        credited[note["invoice_id"]] += note["amount"]
    for invoice in company.of("invoice_issued"):
        if invoice["invoice_id"] in void:
            continue
        left = Fraction(max(invoice["total"] - credited[invoice["invoice_id"]], 0), invoice["total"])
        rate = in_dollars.get(invoice["currency"], Fraction(1))
        for line in invoice["lines"]:
            net = _amount(invoice, line["amount"] - line["tax"])
            yield invoice["issued_at"], line["project_id"], net * left * rate


def margins(company: Company) -> Iterator[Figure]:
    """Yield what is left of each project's income in each month once delivery is paid."""
    income: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    cost: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
    counted: defaultdict[tuple[str, str], int] = defaultdict(int)

    def key(at: int, project: str) -> tuple[str, str]:
        month = str(dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC).date().replace(day=1))
        counted[month, project] += 1
        return month, project

    for at, project, amount in _revenue(company):
        income[key(at, project)] += amount
    for entry in company.of("cost_entry"):
        place, amount = key(entry["incurred_at"], entry["project_id"]), _amount(entry, entry["amount"])
        if entry["kind"] == "PASS_THROUGH":
            income[place] -= amount
        else:
            cost[place] += amount
    rates = {card["role"]: _amount(card, card["hourly_rate"]) for card in company.of("rate_card_set")}
    for entry in company.of("time_entry"):
        place = key(entry["worked_at"], entry["project_id"])
        if entry["kind"] == "DELIVERY":
            cost[place] += rates[entry["role"]] * entry["minutes"] / 60
    for (month, project), n in counted.items():
        if (agi := income[month, project]) > 0:
            left = agi - cost[month, project]
            yield Figure(
                "account_margin", "month", month, "project", project, "", float(100 * left / agi), float(left), n
            )
