"""Count what the demonstration's renewals and onboardings amount to, in plain Python from the events that were sent."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from infra.demo.company import Figure
from infra.demo.world import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

    Places = Callable[[int, str], list[tuple[str, str, str, str]]]


class Renewal(msgspec.Struct, frozen=True):
    """A renewal that was decided on, by somebody or by its notice; times in microseconds, values in major units."""

    account: str
    currency: str
    first_due: int
    due: int
    closed: int
    before: Fraction
    after: Fraction


def _value(fields: Fields, name: str) -> Fraction:
    return Fraction(fields[name], 10 ** fields["exponent"])


def _decisions(company: Company) -> dict[str, list[Fields]]:
    """Return the decisions that stand of each contract, in order of time."""
    told = company.of("renewal_decided")
    corrected = {fields["corrects_event_id"] for fields in told if "corrects_event_id" in fields}
    found: dict[str, list[Fields]] = defaultdict(list)
    for fields in told:
        if fields["event_id"] not in corrected:
            found[fields["contract_id"]].append(fields)
    return found


def renewals(company: Company) -> Iterator[Renewal]:
    """Yield every renewal that was decided on: what was agreed before each decision, since the one before it."""
    decisions, stated = _decisions(company), defaultdict(list)
    for fields in company.of("contract_set"):
        if fields["ends_at"] is not None:
            stated[fields["contract_id"]].append(fields)
    for contract, terms in stated.items():
        since = 0
        for decision in decisions[contract]:
            agreed = [fields for fields in terms if since <= fields["occurred_at"] < decision["decided_at"]]
            yield _renewal(agreed, decision["decided_at"], _value(decision, "amount"))
            since = decision["decided_at"]
        if not decisions[contract] and terms[-1].get("auto_renew"):
            notice = terms[-1]["ends_at"] - terms[-1]["notice_days"] * DAY
            yield _renewal(terms, notice, _value(terms[-1], "annual_value"))


def _renewal(agreed: list[Fields], closed: int, after: Fraction) -> Renewal:
    first, last = agreed[0], agreed[-1]
    before = _value(last, "annual_value")
    return Renewal(last["account_id"], last["currency"], first["ends_at"], last["ends_at"], closed, before, after)


def figures(company: Company, places: Places) -> Iterator[Figure]:
    """Yield the gross renewal rate by policy and currency; ``places`` tells the rows of an account at a time."""
    sums: dict[tuple[str, str, str, str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)

    def add(policy: str, each: Renewal, at: int, kept: Fraction, due: Fraction, counted: int) -> None:
        for place in places(at, each.account):
            key = (*place, f"{policy} {each.currency}")
            sums[key] = [one + other for one, other in zip(sums[key], (kept, due, Fraction(counted)), strict=True)]

    for each in renewals(company):
        kept = min(each.after, each.before)
        add("due_date", each, each.due, kept, each.before, 1)
        add("first_due_date", each, each.first_due, kept, each.before, 1)
        add("closed_date", each, each.closed, kept, Fraction(0), 0)
        add("closed_date", each, each.due, Fraction(0), each.before, 1)
    for each in undecided(company):
        add("closed_date", each, each.due, Fraction(0), each.before, 1)
    for (*place, item), (kept, due, counted) in sums.items():
        if due:
            grain, start, dimension, part = place
            rate = float(100 * kept / due)
            yield Figure("renewal_rate_gross", grain, start, dimension, part, item, rate, float(kept), int(counted))


def times_to_value(company: Company) -> Iterator[tuple[int, str, float | None]]:
    """Yield the start of each onboarding, its account, and the days on the clock until its first value."""
    plans = {fields["onboarding_id"]: fields for fields in company.of("onboarding_planned")}
    rests: dict[str, list[tuple[int, int]]] = defaultdict(list)
    resumed = {fields["onboarding_id"]: fields["effective_at"] for fields in company.of("onboarding_resumed")}
    for fields in company.of("onboarding_paused"):
        rests[fields["onboarding_id"]].append((fields["effective_at"], resumed[fields["onboarding_id"]]))
    values = {
        fields["onboarding_id"]: fields["reached_at"]
        for fields in company.of("milestone_reached")
        if fields["milestone_code"] == "first_project"
    }
    for name, plan in plans.items():
        at = values.get(name)
        rested = sum(until - since for since, until in rests[name])
        days = None if at is None else (at - plan["starts_at"] - rested) / DAY
        yield plan["starts_at"], plan["account_id"], days


def shares(company: Company, places: Places) -> Iterator[Figure]:
    """Yield the share of onboardings with first value within 30, 60 and 90 days, all of which are long over."""
    groups: dict[tuple[str, str, str, str], list[float | None]] = defaultdict(list)
    for at, account, days in times_to_value(company):
        for place in places(at, account):
            groups[place].append(days)
    for place, every in groups.items():
        for horizon in (30, 60, 90):
            reached = sum(days is not None and days <= horizon for days in every)
            rate = 100 * reached / len(every)
            yield Figure("value_reached_share", *place, str(horizon), rate, reached, len(every))


def undecided(company: Company) -> Iterator[Renewal]:
    """Yield what nobody decided on; under the closing date it was due all the same."""
    decided = _decisions(company)
    for fields in company.of("contract_set"):
        if fields["ends_at"] is not None and fields["contract_id"] not in decided and not fields.get("auto_renew"):
            yield _renewal([fields], 0, Fraction(0))
