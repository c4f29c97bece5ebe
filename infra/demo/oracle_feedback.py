"""Count what the demonstration's board must come to, from its events in plain Python."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from infra.demo.oracle_merging import customer
from infra.demo.world import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

Counted = tuple[float, float, int]
Fact = tuple[int, str, Any]
"""Time of the outcome, account, and the days until it was told; None where it was not."""
_OUTCOMES = ("SHIPPED", "DECLINED")


def _courses(company: Company) -> dict[str, list[tuple[int, str]]]:
    """Return the states of each item in order of time, of which the newest stands."""
    found: dict[str, list[tuple[int, str]]] = {each["item_id"]: [] for each in company.of("feedback_item_opened")}
    for each in company.of("feedback_item_state_changed"):
        found[each["item_id"]].append((each["occurred_at"], each["state"]))
    return found


def _reporters(company: Company) -> Iterator[tuple[str, Fact]]:
    """Yield the outcome of each item with each customer that asked for it or for a duplicate."""
    courses = _courses(company)
    targets: dict[str, str] = {each["item_id"]: each["target_item_id"] for each in company.of("feedback_item_merged")}
    notices: dict[tuple[str, str], list[Fields]] = defaultdict(list)
    for each in company.of("reporter_notified"):
        notices[each["item_id"], customer(company, each["account_id"])].append(each)
    asked: set[tuple[str, str]] = set()
    for each in company.of("feedback_item_linked"):
        if not each["is_test"]:
            item: str = each["item_id"]
            asked.add((targets.get(item, item), customer(company, each["account_id"])))
    for name, account in asked:
        since, outcome = (courses[name] or [(0, "NEW")])[-1]
        if outcome not in _OUTCOMES:
            continue
        names = [name, *(duplicate for duplicate, target in targets.items() if target == name)]
        told = [n["occurred_at"] for each in names for n in notices[each, account] if n["state"] == outcome]
        after = [at for at in told if at >= since]
        yield outcome, (since, account, (min(after) - since) / DAY if after else None)


def _share(facts: list[float | None]) -> Counted:
    told = [days for days in facts if days is not None]
    return 100 * len(told) / len(facts), len(told), len(facts)


def _median(facts: list[float]) -> Counted:
    return statistics.median(facts), sum(facts), len(facts)


def facts(company: Company) -> Iterator[tuple[str, list[Fact], Callable[[Any], Counted]]]:
    """Yield each metric's name, its facts, and how its figures follow from them."""
    every = list(_reporters(company))
    shipped = [fact for outcome, fact in every if outcome == "SHIPPED"]
    yield "feedback_told_rate", shipped, _share
    yield "feedback_closed_rate", [fact for _, fact in every], _share
    yield "feedback_time_to_tell", [fact for fact in shipped if fact[2] is not None], _median
