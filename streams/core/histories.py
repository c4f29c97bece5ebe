"""Reference data and settings: each event is a row of a history, joined later as of the time it is needed for.

An entity here is one original event with its corrections: a correction names the original in `corrects_event_id`, so
histories grow row by row and never become one large state.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.changes import NO_MEASURES, ONE, Measure, Measures
from streams.core.columns import Row
from streams.core.events import (
    AccountUpserted,
    ConfigEvent,
    ContactUpserted,
    FxRateSet,
    HealthModelSet,
    HolidaySet,
    ManagerAssigned,
    PlanSet,
    PolicySet,
    RateCardSet,
    ReferenceEvent,
    RiskRuleSet,
    ScheduleSet,
    SettingEvent,
    SlaPolicySet,
    TaxonomySet,
)
from streams.core.health.facts import Fact, Stated
from streams.core.newest import newest_of
from streams.core.risk.choices import in_words
from streams.core.rows_clock import HolidayRow, ScheduleRow, SlaPolicyRow, SlaTargetRow
from streams.core.rows_health import HealthComponentRow, HealthModelRow
from streams.core.rows_reference import (
    AccountHistoryRow,
    ContactHistoryRow,
    FxRateRow,
    ManagerAssignmentRow,
    PlanRow,
    PolicyRow,
    TaxonomyTopicRow,
)
from streams.core.rows_risk import RiskRuleRow
from streams.core.rows_work import RateCardRow
from streams.core.settings import identity, joined, rate_subject

HELD: Measure = (0, ONE, None)
"""Of an owner or a segment: that the account has it from then on."""


def original(event: Any) -> str:
    """Id of the event that this one is, or corrects."""
    corrected: str | None = event.corrects_event_id
    return event.event_id if corrected is None else corrected


def reference_rows(recorded: RecordedEvent) -> Sequence[Row]:
    event: ReferenceEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    match event:
        case AccountUpserted():
            return (_account(event, recorded.ingested_at),)
        case ContactUpserted():
            return (_contact(event),)
        case ManagerAssigned():
            return (_assignment(event),)
        case _:
            assert_never(event)


def reference_measures(recorded: RecordedEvent) -> Measures:
    """Return what an event says of owner and segment of its account, so that it is known who was known as which when.

    No metric counts them. The item is the slice, the moment when it begins; an owner's end has no item.
    """
    if recorded.event.is_test:
        return NO_MEASURES
    event = recorded.event
    if isinstance(event, AccountUpserted):
        return {("segment", event.segment or "", event.occurred_at, ""): HELD}
    if not isinstance(event, ManagerAssigned) or event.role != "OWNER":
        return NO_MEASURES
    begin: Measures = {("manager", event.manager_id, event.valid_from, ""): HELD}
    return begin if event.valid_to is None else {**begin, ("manager", "", event.valid_to, ""): HELD}


def reference_facts(recorded: RecordedEvent) -> Iterable[Fact]:
    """Yield what an event says of who owns the account, and of its segment."""
    event = recorded.event
    if isinstance(event, AccountUpserted):
        at, segment = event.occurred_at, event.segment or ""
        yield Stated(at, "reference", original(event), "segment", event.event_id, "segment", segment)
    elif isinstance(event, ManagerAssigned) and event.role == "OWNER":
        at, until, manager = event.valid_from, event.valid_to or 0, event.manager_id
        yield Stated(at, "reference", original(event), "owner", event.event_id, "owner", manager, until=until)


def reference_holds_from(recorded: RecordedEvent) -> int:
    """Return from when an event holds; a manager may be assigned before that."""
    event = recorded.event
    return event.valid_from if isinstance(event, ManagerAssigned) else event.occurred_at


def config_measures(recorded: RecordedEvent) -> Measures:
    """Return what a setting says and from when on, so that it is known which settings were known when.

    No metric counts them. Lists of plans and topics and rules of risk shape no sum, so they leave nothing.
    """
    event: ConfigEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    match event:
        case FxRateSet():
            value = event.rate_micros / ONE
            return _set("fx_rate", joined(event.base, event.quote), event.rate_micros, event.valid_from, value)
        case PolicySet():
            return _set("policy", joined(event.policy), event.value, event.valid_from, None)
        case ScheduleSet():
            return _set(
                "schedule", joined(event.schedule_id), _mark(event.time_zone, event.hours), event.valid_from, None
            )
        case HolidaySet():
            name = joined(event.schedule_id, event.holiday_set_id)
            return _set("holiday", name, _mark(event.holidays), event.valid_from, None)
        case SlaPolicySet():
            content = event.position, event.is_active, event.match, event.schedule_id, event.targets
            return _set("sla_policy", joined(event.policy_id), _mark(*content), event.valid_from, None)
        case HealthModelSet():
            name = joined(event.model_id, event.variant_id)
            return _set("health_model", name, _mark(*_health_content(event)), event.valid_from, None)
        case RateCardSet():
            # By its event alone: everybody reads this row, and a mark of a rate can be found by trying rates.
            return _set("rate_card", joined(*rate_subject(event)), event.event_id, event.valid_from, None)
        case PlanSet() | TaxonomySet() | RiskRuleSet():
            return NO_MEASURES
        case _:
            assert_never(event)


def _set(kind: str, name: str, content: str | int, valid_from: int, value: float | None) -> Measures:
    return {(kind, f"{name}={content}", valid_from, ""): (0, ONE, value)}


def _mark(*content: object) -> str:
    """A short mark of what a setting says: another one where it says anything else."""
    return blake2b(msgspec.msgpack.encode(content), digest_size=8).hexdigest()


def config_rows(recorded: RecordedEvent) -> Sequence[Row]:
    event: ConfigEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    match event:
        case FxRateSet():
            return (FxRateRow(event.base, event.quote, event.valid_from, event.rate_micros, event.event_id),)
        case PolicySet():
            version = event.policy_version
            return (PolicyRow(event.policy, event.valid_from, event.value, version, event.event_id),)
        case PlanSet():
            line = event.product_line or ""
            return (PlanRow(event.plan_id, event.valid_from, event.name, line, event.event_id),)
        case TaxonomySet():
            version = event.taxonomy_version
            return [
                TaxonomyTopicRow(version, topic.topic_id, topic.label, topic.parent_id or "", event.valid_from)
                for topic in event.topics
            ]
        case ScheduleSet() | HolidaySet() | SlaPolicySet():
            return clock_rows(event)
        case HealthModelSet():
            return health_rows(event)
        case RateCardSet():
            return (_rate(event),)
        case RiskRuleSet():
            return (_risk_rule(event),)
        case _:
            assert_never(event)


def _health_content(event: HealthModelSet) -> tuple[object, ...]:
    return (
        event.model_version,
        event.position,
        event.is_active,
        event.segments,
        event.from_month,
        event.until_month,
        event.components,
        event.minimum_coverage,
        event.bands,
        event.bands_version,
    )


def health_rows(event: HealthModelSet) -> Sequence[Row]:
    """Rows of a model of health."""
    key = event.model_id, event.variant_id, event.valid_from
    model = HealthModelRow(
        *key,
        event.model_version,
        event.position,
        event.is_active,
        event.segments,
        event.from_month,
        event.until_month or 0,
        event.minimum_coverage,
        tuple(each.name for each in event.bands),
        tuple(each.up_to for each in event.bands),
        event.bands_version,
        event.event_id,
    )
    components = [
        HealthComponentRow(
            *key,
            each.name,
            place,
            each.signal,
            each.weight,
            tuple(point.signal_from for point in each.points),
            tuple(point.value for point in each.points),
            each.is_linear,
            each.max_age_days or 0,
            each.is_fading,
            event.event_id,
        )
        for place, each in enumerate(event.components, 1)
    ]
    return [model, *components]


def clock_rows(event: ScheduleSet | HolidaySet | SlaPolicySet) -> Sequence[Row]:
    """Rows of the settings that clocks go by."""
    match event:
        case ScheduleSet():
            name, since, zone, by = event.schedule_id, event.valid_from, event.time_zone, event.event_id
            return [
                ScheduleRow(name, since, each.weekday, each.start_minute, each.end_minute, zone, by)
                for each in event.hours
            ]
        case HolidaySet():
            name, named, since = event.schedule_id, event.holiday_set_id, event.valid_from
            return [HolidayRow(name, named, since, each.date, each.name, event.event_id) for each in event.holidays]
        case SlaPolicySet():
            return [_sla_policy(event), *_sla_targets(event)]


def _sla_policy(event: SlaPolicySet) -> SlaPolicyRow:
    match = event.match
    return SlaPolicyRow(
        event.policy_id,
        event.valid_from,
        event.policy_version,
        event.position,
        event.is_active,
        match.channels,
        match.groups,
        match.priorities,
        match.topics,
        match.account_ids,
        event.schedule_id or "",
        event.event_id,
    )


def _sla_targets(event: SlaPolicySet) -> Sequence[SlaTargetRow]:
    return [
        SlaTargetRow(
            event.policy_id,
            event.valid_from,
            each.metric,
            each.priority,
            each.target_s,
            each.business_hours,
            event.event_id,
        )
        for each in event.targets
    ]


def _rate(event: RateCardSet) -> RateCardRow:
    return RateCardRow(
        *rate_subject(event),
        event.valid_from,
        event.valid_to,
        micros(event.hourly_rate, event.exponent),
        event.currency,
        event.weekly_minutes,
        event.event_id,
    )


def _risk_rule(event: RiskRuleSet) -> RiskRuleRow:
    return RiskRuleRow(
        event.rule_id,
        event.valid_from,
        event.rule_version,
        event.is_active,
        event.severity,
        tuple(map(in_words, event.conditions)),
        event.dwell_in_s,
        event.dwell_out_s,
        event.rearm_s,
        event.event_id,
    )


def _account(event: AccountUpserted, ingested_at: int) -> AccountHistoryRow:
    return AccountHistoryRow(
        event.account_id,
        event.occurred_at,
        event.event_id,
        event.name,
        event.segment or "",
        event.country or "",
        event.time_zone or "",
        event.currency or "",
        event.lifecycle or "",
        event.parent_id or "",
        tuple((ref.system, ref.id) for ref in event.external_refs),
        event.is_test,
        ingested_at,
    )


def _contact(event: ContactUpserted) -> ContactHistoryRow:
    return ContactHistoryRow(
        event.account_id,
        event.contact_id,
        event.occurred_at,
        event.event_id,
        event.role or "",
        event.is_champion,
        event.is_test,
    )


def _assignment(event: ManagerAssigned) -> ManagerAssignmentRow:
    return ManagerAssignmentRow(
        event.account_id,
        event.role,
        event.valid_from,
        event.event_id,
        event.manager_id,
        event.pod_id or "",
        event.lead_id or "",
        event.valid_to,
        event.is_test,
        event.share_bp,
    )


REFERENCE = newest_of(
    "reference",
    ReferenceEvent,
    original,
    reference_rows,
    reference_measures,
    reference_facts,
    reference_holds_from,
)
SETTING = newest_of("setting", SettingEvent, identity, config_rows, config_measures)
