"""Numbers that rules of risk watch, as the picture of an account tells them, and until which day each stays as it is.

Days are whole UTC days since 1970. A number that nobody can tell is None: neither risky nor healthy.
"""

import math
from typing import NamedTuple

from streams.core.health.components import HEARD_BY, READ, evidence_of
from streams.core.health.facts import DAY
from streams.core.health.model import NO_END, POINT
from streams.core.health.picture import Picture, counted, evidence, started, stated
from streams.core.limits import NEVER
from streams.core.risk.choices import BASE_DAYS, Condition

NOT_DUE = 1_000_000_000.0
"""Days to a renewal where none is due."""
LEAST_BASE_DAYS = 28
"""Days of tickets before the window without which nobody can tell what is usual."""

Scores = dict[str, list[tuple[int, int | None]]]
"""Scores by model as rows of health said them last on a day, in order of days."""


class Number(NamedTuple):
    """A number, the event that it rests on most, and the next day on which time alone may move it over a threshold."""

    value: float | None
    evidence: str = ""
    next_day: int = NEVER


UNKNOWN = Number(None)
_LEVELS = {
    "escalations_open": "escalations_open",
    "tickets_urgent": "tickets_urgent",
    "payments_failing": "payments_failing",
    "cancels_scheduled": "cancels_scheduled",
}
_OLDEST = {
    "detractor_days": "detractors_open",
    "overdue_days": "receivable",
    "onboarding_delay_days": "milestones_open",
}
"""Days since the oldest day of a level."""
_OF_HEALTH = ("usage_change", "usage_share", "mrr_trend")
"""Numbers that components of health read as well."""
_COUNTS = {"sla_breaches": "sla_breached", "payment_failures": "payment_failed"}


READS: dict[str, frozenset[str]] = {
    **{signal: frozenset((name,)) for signal, name in (_LEVELS | _OLDEST | _COUNTS).items()},
    **{signal: frozenset(HEARD_BY[signal]) for signal in _OF_HEALTH},
    "sentiment": frozenset(("sentiment",)),
    "days_since_touch": frozenset(("touch", "started")),
    "days_to_renewal": frozenset(("renewal_due",)),
    "ticket_surge": frozenset(("ticket_opened", "started")),
}
"""Names of facts that a number rests on; scores rest on what rows of health say."""


def number(picture: Picture, scores: Scores, condition: Condition, at: int) -> Number:
    """Return the number of a condition at a moment (microseconds)."""
    signal, today = condition.signal, at // DAY
    if signal in _LEVELS:
        return _level(picture, _LEVELS[signal])
    if signal in _OLDEST:
        return _oldest(picture, _OLDEST[signal], condition, today)
    if signal in _COUNTS:
        return _count(picture, _COUNTS[signal], condition, today)
    if signal in _OF_HEALTH:
        return _of_health(picture, signal, at)
    match signal:
        case "score" | "score_drop":
            return _score(scores, condition, today)
        case "sentiment":
            said = stated(picture, "sentiment", at)
            return Number(said.value, said.event_id) if said and isinstance(said.value, int) else UNKNOWN
        case "days_since_touch":
            return _touch(picture, condition, today)
        case "days_to_renewal":
            return _renewal(picture, condition, today)
        case "ticket_surge":
            return _surge(picture, condition, today)
        case _:
            return UNKNOWN


def _level(picture: Picture, name: str) -> Number:
    found = [
        each
        for cells in picture.levels.get(name, {}).values()
        for each in zip(cells.numbers, cells.events, strict=True)
    ]
    return Number(sum(int(number) for number, _ in found), found[-1][1] if found else "")


def _oldest(picture: Picture, name: str, condition: Condition, today: int) -> Number:
    """Return how long ago the oldest day is of which something is left; before zero where all are still to come."""
    found = [
        (day, event)
        for cells in picture.levels.get(name, {}).values()
        for day, number, event in zip(cells.days, cells.numbers, cells.events, strict=True)
        if day > 0 and int(number) > 0
    ]
    if not found:
        return Number(0)
    day, event = min(found)
    return Number(today - day, event, _ages(condition, day, today))


def _ages(condition: Condition, day: int, today: int) -> int:
    """Return the next day on which days since a day reach a threshold, or go beyond it."""
    edges = (edge for threshold in condition.thresholds for edge in (math.ceil(threshold), math.floor(threshold) + 1))
    return min((day + edge for edge in edges if day + edge > today), default=NEVER)


def _of_health(picture: Picture, signal: str, at: int) -> Number:
    value, _, until, _ = READ[signal](picture, at // DAY, at)
    found = evidence_of(picture, signal)
    return Number(value, found[0] if found else "", until + 1 if until < NO_END else NEVER)


def _count(picture: Picture, name: str, condition: Condition, today: int) -> Number:
    first = today - condition.days + 1
    found, _ = counted(picture, name, first, today)
    days = [day for series in picture.happened.get(name, {}).values() for day in series.days if first <= day <= today]
    newest = evidence(picture, name)
    return Number(found, newest[0] if newest else "", min(days) + condition.days if days else NEVER)


def _score(scores: Scores, condition: Condition, today: int) -> Number:
    """Return the score as rows of health said it last, or how far it fell since what they said some days ago."""
    model = condition.model_id or min(scores, default="")
    said = scores.get(model, [])
    if not said or said[-1][1] is None:
        return UNKNOWN
    now = said[-1][1]
    if condition.signal == "score":
        return Number(now / POINT)
    day = today - condition.days
    before = [score for each, score in said if each <= day]
    later = min((each + condition.days for each, _ in said if each > day), default=NEVER)
    if not before or before[-1] is None:
        return Number(None, "", later)
    return Number((before[-1] - now) / POINT, "", later)


def _touch(picture: Picture, condition: Condition, today: int) -> Number:
    days = [day for series in picture.happened.get("touch", {}).values() for day in series.days]
    day = max(days) if days else started(picture)
    if day is None:
        return UNKNOWN
    newest = evidence(picture, "touch")
    return Number(today - day, newest[0] if newest else "", _ages(condition, day, today))


def _renewal(picture: Picture, condition: Condition, today: int) -> Number:
    """Return the days to the first renewal that is not decided; below zero where it is overdue."""
    newest = [each[-1] for each in picture.statements.get("renewal_due", {}).values()]
    found = [(each.value, each.event_id) for each in newest if isinstance(each.value, int)]
    if not found:
        return Number(NOT_DUE)
    day, event = min(found)
    edges = (edge for threshold in condition.thresholds for edge in (math.floor(threshold), math.ceil(threshold) - 1))
    return Number(day - today, event, min((day - edge for edge in edges if day - edge > today), default=NEVER))


def _surge(picture: Picture, condition: Condition, today: int) -> Number:
    """Return tickets of the window against what the same days had on average in the 90 days before it."""
    name, first = "ticket_opened", today - condition.days + 1
    every = picture.happened.get(name, {}).values()
    days = [day for series in every for day in series.days]
    begun = min([*days, *([] if (start := started(picture)) is None else [start])], default=None)
    if begun is None:
        return UNKNOWN
    # A day is forgotten only once it lies before the longest window and its base: whoever has one has a whole base.
    has_older = picture.heard.get(name, 0) > sum(int(number) for series in every for number in series.numbers)
    base_days = BASE_DAYS if has_older else min(BASE_DAYS, first - begun)
    usual, _ = counted(picture, name, first - BASE_DAYS, first - 1)
    # Until the base is whole the share changes day by day, and later when a day leaves one of the two.
    moves = [edge for day in days for edge in (day + condition.days, day + condition.days + BASE_DAYS) if edge > today]
    later = min(moves, default=NEVER)
    if base_days < LEAST_BASE_DAYS:
        return Number(None, "", begun + LEAST_BASE_DAYS + condition.days - 1)
    if not usual:
        return Number(None, "", later)
    found, _ = counted(picture, name, first, today)
    newest = evidence(picture, name)
    ratio = found * base_days / (usual * condition.days)
    return Number(ratio, newest[0] if newest else "", today + 1 if base_days < BASE_DAYS and found else later)
