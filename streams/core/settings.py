"""Settings as events say them: what a setting replaces, and which of them stand."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol, TypeVar, assert_never

from streams.core.activity import active_keys, no_part
from streams.core.algebra import RecordedEvent, fold_order
from streams.core.events import (
    ConfigEvent,
    FxRateSet,
    HealthModelSet,
    HolidaySet,
    PlanSet,
    PolicySet,
    RateCardSet,
    RiskRuleSet,
    ScheduleSet,
    SlaPolicySet,
    TaxonomySet,
)

Ruling = PolicySet | ScheduleSet | HolidaySet | SlaPolicySet | RiskRuleSet | HealthModelSet
"""Settings that streams apply; views join the others."""
RULING_TYPES = frozenset(
    each.EVENT_TYPE for each in (PolicySet, ScheduleSet, HolidaySet, SlaPolicySet, RiskRuleSet, HealthModelSet)
)


def identity(event: ConfigEvent) -> str:
    """Return what a setting replaces: the same thing set again for the same moment.

    Kinds of settings differ in the number of parts or in the first of them, so no two things share an identity.
    """
    match event:
        case FxRateSet():
            return joined(event.base, event.quote, event.valid_from)
        case PolicySet():
            return joined(event.policy, event.valid_from)
        case PlanSet():
            return joined("plan", event.plan_id, event.valid_from)
        case TaxonomySet():
            return joined(event.taxonomy_version)
        case ScheduleSet():
            return joined("schedule", event.schedule_id, event.valid_from)
        case HolidaySet():
            return joined("holiday", event.schedule_id, event.holiday_set_id, event.valid_from)
        case SlaPolicySet():
            return joined("sla", event.policy_id, event.valid_from)
        case HealthModelSet():
            return joined("health", event.model_id, event.variant_id, event.valid_from)
        case RateCardSet():
            return joined("rate", *rate_subject(event), event.valid_from)
        case RiskRuleSet():
            return joined("risk", event.rule_id, event.valid_from)
        case _:
            assert_never(event)


def rate_subject(event: RateCardSet) -> tuple[str, str]:
    """Return whose rate it is: person or role, and which."""
    return ("role", event.role or "") if event.person_id is None else ("person", event.person_id)


def joined(*parts: str | int) -> str:
    """Return parts with slashes between them, and neither these nor equals signs within them."""
    return "/".join(str(part).replace("%", "%25").replace("/", "%2F").replace("=", "%3D") for part in parts)


class Version(Protocol):
    """One version of a setting that may be switched off; versions have an order, such as that of who decides."""

    @property
    def valid_from(self) -> int: ...

    @property
    def is_active(self) -> bool: ...

    def __lt__(self, other: Any, /) -> bool: ...


Set = TypeVar("Set", bound=Version)


def in_force(versions: Iterable[Set], at: int, name: Callable[[Set], Hashable]) -> list[Set]:
    """Return the newest version of each name by then, those that are switched off left out, in order.

    Of two of one moment the one given last stands, so that what is set takes the place of what is shipped.
    """
    newest: dict[Hashable, Set] = {}
    for each in versions:
        other = newest.get(name(each))
        if each.valid_from <= at and (other is None or other.valid_from <= each.valid_from):
            newest[name(each)] = each
    return sorted(each for each in newest.values() if each.is_active)


def standing(events: Iterable[Ruling]) -> list[Ruling]:
    """Of settings that replace one another the last in fold order, retracted ones left out: what the tables show."""
    said: dict[str, list[RecordedEvent]] = {}
    for event in events:
        said.setdefault(identity(event), []).append(RecordedEvent(event, 0))
    newest = (_newest(recorded_events) for recorded_events in said.values())
    return [recorded.event for recorded in newest if recorded is not None]  # type: ignore[misc] # of the types that came in


def _newest(recorded_events: list[RecordedEvent]) -> RecordedEvent | None:
    """Return the active event that is last in fold order; None where all were taken back."""
    active = active_keys(recorded_events, no_part)
    return (
        next((recorded for recorded in recorded_events if fold_order(recorded) == max(active)), None)
        if active
        else None
    )
