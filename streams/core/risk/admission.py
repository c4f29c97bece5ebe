"""Rules for rules of risk beyond their types: an episode has to be able to open, and to close again."""

import math
from itertools import pairwise

from streams.core.events import RiskCondition, RiskRuleSet
from streams.core.limits import Refusal, repeated, unfit_moment, unprintable
from streams.core.risk.choices import SEVERITIES, SIGNALS

MOST_CONDITIONS = 8
LONGEST_S = 1_098 * 86_400
"""Three years."""
LARGEST = 1e12
_SIDES = ("at_least", "at_most")


def content(event: RiskRuleSet) -> Refusal | None:
    """Return why a rule of risk cannot be taken, or None."""
    if not event.conditions:
        return "invalid_field", "a rule without conditions would never hold"
    if len(event.conditions) > MOST_CONDITIONS:
        return "too_many_items", f"more than {MOST_CONDITIONS} conditions"
    named = [f"{each.signal} {each.model_id or ''} {each.days}" for each in event.conditions]
    return (
        unfit_moment("valid_from", event.valid_from)
        or unprintable(rule_version=event.rule_version)
        or _severity(event.severity)
        or _times(event)
        or next((fault for fault in map(_condition, event.conditions) if fault is not None), None)
        or repeated("conditions", named)
    )


def _times(event: RiskRuleSet) -> Refusal | None:
    for name in ("dwell_in_s", "dwell_out_s", "rearm_s"):
        seconds = getattr(event, name)
        if not 0 <= seconds <= LONGEST_S:
            return "invalid_field", f"{name} {seconds} is not from 0 to three years"
    return None


def _severity(severity: str) -> Refusal | None:
    if severity in SEVERITIES[1:]:
        return None
    return "invalid_field", f"severity {severity[:64]!r} is none of {', '.join(SEVERITIES[1:])}"


def _condition(each: RiskCondition) -> Refusal | None:
    kind = SIGNALS.get(each.signal)
    if kind is None:
        return "invalid_field", f"signal {each.signal[:64]!r} is none of {', '.join(SIGNALS)}"
    if kind.is_windowed and not 0 < each.days <= kind.most_days:
        return "invalid_field", f"{each.signal} looks back over 1 to {kind.most_days} days, not {each.days}"
    if not kind.is_windowed and each.days:
        return "invalid_field", f"{each.signal} looks back over no days"
    if each.model_id is not None and not kind.is_scored:
        return "invalid_field", f"{each.signal} is of no model"
    if each.risky_when not in _SIDES:
        return "invalid_field", f"risky_when {each.risky_when[:64]!r} is none of {', '.join(_SIDES)}"
    return _thresholds(each)


def _thresholds(each: RiskCondition) -> Refusal | None:
    """Return why thresholds do not follow one another from healthy to worst."""
    told = [each.exit, each.enter, *(rise.enter for rise in each.worse)]
    if not all(math.isfinite(number) and abs(number) <= LARGEST for number in told):
        return "invalid_field", f"thresholds of {each.signal} must be numbers up to 10^12"
    sign = 1 if each.risky_when == "at_least" else -1
    if not sign * each.exit < sign * each.enter:
        side = "below" if sign > 0 else "above"
        return "invalid_field", f"exit {each.exit:g} of {each.signal} must be {side} enter {each.enter:g}"
    if any(sign * low >= sign * high for low, high in pairwise(told[1:])):
        return "invalid_field", f"thresholds of {each.signal} that are worse must lie further out, one after the other"
    faults = (_severity(rise.severity) for rise in each.worse)
    fault = next((fault for fault in faults if fault is not None), None)
    ranks = [SEVERITIES.index(rise.severity) for rise in each.worse] if fault is None else []
    if any(low >= high for low, high in pairwise(ranks)):
        return "invalid_field", f"what is worse for {each.signal} must be of a higher severity each time"
    return fault
