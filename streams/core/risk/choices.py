"""Rules of risk as they are set, and those that are shipped: which numbers of an account they watch.

The thresholds of shipped rules are what vendors and teams publish (ADR 0171); each is a setting to be changed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.core.events import RiskCondition, RiskRuleSet
from streams.core.risk.episodes import FACT_ENDED, RECOVERED, Terms

SEVERITIES = ("", "low", "medium", "high")
"""By rank; 0 stands where nothing is risky."""
SECOND = 1_000_000
BASE_DAYS = 90
"""Days before a window that tell what is usual."""
DAY = 86_400


class SignalKind(NamedTuple):
    """The kind of a number: `is_windowed` looks back over the days of its condition, `is_scored` is of a model."""

    is_windowed: bool = False
    is_scored: bool = False
    ends_by_fact: bool = True
    """True where an event ends it, so an episode ends with the fact; else the account recovers."""
    most_days: int = 90
    """The longest window that may look back: what is older is not kept."""


SIGNALS: dict[str, SignalKind] = {
    "score": SignalKind(is_scored=True, ends_by_fact=False),
    "score_drop": SignalKind(is_windowed=True, is_scored=True, ends_by_fact=False, most_days=35),
    "sentiment": SignalKind(ends_by_fact=False),
    "detractor_days": SignalKind(),
    "escalations_open": SignalKind(),
    "tickets_urgent": SignalKind(),
    "sla_breaches": SignalKind(is_windowed=True, ends_by_fact=False),
    "ticket_surge": SignalKind(is_windowed=True, ends_by_fact=False, most_days=28),
    "payments_failing": SignalKind(),
    "payment_failures": SignalKind(is_windowed=True, ends_by_fact=False),
    "overdue_days": SignalKind(),
    "cancels_scheduled": SignalKind(),
    "days_since_touch": SignalKind(),
    "days_to_renewal": SignalKind(),
    "onboarding_delay_days": SignalKind(),
    "usage_change": SignalKind(ends_by_fact=False),
    "usage_share": SignalKind(ends_by_fact=False),
    "mrr_trend": SignalKind(ends_by_fact=False),
}
"""Numbers that a condition may watch. `streams.core.risk.conditions` says what each is."""


class Rise(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Threshold from which on a number has another severity, by rank."""

    enter: float
    severity: int


class Condition(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A number, and where it is risky and where healthy again. `is_high` where it is risky from `enter` upwards."""

    signal: str
    model_id: str
    days: int
    is_high: bool
    enter: float
    exit: float
    rises: tuple[Rise, ...] = ()

    @property
    def thresholds(self) -> list[float]:
        return [self.enter, self.exit, *(each.enter for each in self.rises)]

    def is_risky(self, number: float) -> bool:
        return number >= self.enter if self.is_high else number <= self.enter

    def is_healthy(self, number: float) -> bool:
        return number <= self.exit if self.is_high else number >= self.exit

    def severity(self, number: float) -> int:
        """Return the rank of the worst threshold that the number has passed; 0 where there is none."""
        passed = (
            each.severity for each in self.rises if (number >= each.enter if self.is_high else number <= each.enter)
        )
        return max(passed, default=0)


class RiskRule(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one rule; times in microseconds, severity by rank."""

    rule_id: str
    valid_from: int
    version: str
    is_active: bool
    severity: int
    dwell_in: int
    dwell_out: int
    rearm: int
    conditions: tuple[Condition, ...]

    @property
    def terms(self) -> Terms:
        """Return how its episodes open and close."""
        is_fact = all(SIGNALS[each.signal].ends_by_fact for each in self.conditions)
        return Terms(self.dwell_in, self.dwell_out, self.rearm, FACT_ENDED if is_fact else RECOVERED)


def rule(event: RiskRuleSet) -> RiskRule:
    """Return the version of a rule that an event sets."""
    return RiskRule(
        event.rule_id,
        event.valid_from,
        event.rule_version,
        event.is_active,
        SEVERITIES.index(event.severity),
        event.dwell_in_s * SECOND,
        event.dwell_out_s * SECOND,
        event.rearm_s * SECOND,
        tuple(
            Condition(
                each.signal,
                each.model_id or "",
                each.days,
                each.risky_when == "at_least",
                each.enter,
                each.exit,
                tuple(Rise(rise.enter, SEVERITIES.index(rise.severity)) for rise in each.worse),
            )
            for each in event.conditions
        ),
    )


def _at_least(signal: str, enter: float, leave: float, days: int = 0, *rises: Rise) -> Condition:
    return Condition(signal, "", days, is_high=True, enter=enter, exit=leave, rises=rises)


def _at_most(signal: str, enter: float, leave: float, *rises: Rise) -> Condition:
    return Condition(signal, "", 0, is_high=False, enter=enter, exit=leave, rises=rises)


LOW, MEDIUM, HIGH = 1, 2, 3
_REARM = 14 * DAY


def _shipped(
    rule_id: str, severity: int, conditions: Sequence[Condition], dwell_in: int = 0, dwell_out: int = 0
) -> RiskRule:
    waits = dwell_in * SECOND, dwell_out * SECOND, _REARM * SECOND
    return RiskRule(rule_id, 0, "default", True, severity, *waits, conditions=tuple(conditions))


SHIPPED: tuple[RiskRule, ...] = tuple(
    sorted(
        (
            _shipped("health_drop", MEDIUM, [_at_least("score_drop", 15, 5, 7, Rise(25, HIGH))], DAY, 3 * DAY),
            _shipped("detractor_unanswered", MEDIUM, [_at_least("detractor_days", 2, 0)]),
            _shipped("sla_breaches", MEDIUM, [_at_least("sla_breaches", 2, 1, 30)], 0, 3 * DAY),
            _shipped("payment_failed", MEDIUM, [_at_least("payments_failing", 1, 0, 0, Rise(2, HIGH))]),
            _shipped("overdue", HIGH, [_at_least("overdue_days", 61, 30)]),
            _shipped("cancel_scheduled", HIGH, [_at_least("cancels_scheduled", 1, 0)]),
            _shipped("no_touch", LOW, [_at_least("days_since_touch", 90, 30)]),
            _shipped(
                "renewal_at_risk",
                MEDIUM,
                [_at_most("days_to_renewal", 90, 91, Rise(30, HIGH)), _at_most("score", 75, 85)],
                DAY,
                3 * DAY,
            ),
            _shipped("ticket_surge", LOW, [_at_least("ticket_surge", 2, 1.25, 14)], 7 * DAY, 3 * DAY),
            _shipped("onboarding_stalled", MEDIUM, [_at_least("onboarding_delay_days", 1, 0)]),
        )
    )
)
"""Rules that hold until others are set."""


def in_words(condition: RiskCondition) -> str:
    """Return a condition as people read it."""
    of = f" of {condition.model_id}" if condition.model_id else ""
    over = f" over {condition.days} days" if condition.days else ""
    side = condition.risky_when.replace("_", " ")
    worse = "".join(f", {each.severity} from {each.enter:g}" for each in condition.worse)
    return f"{condition.signal}{of}{over} {side} {condition.enter:g}, healthy at {condition.exit:g}{worse}"
