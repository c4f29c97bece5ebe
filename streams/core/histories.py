"""Reference data and settings: each event is a row of a history, joined later as of the time it is needed for.

An entity here is one original event with its corrections: a correction names the original in `corrects_event_id`, so
histories grow row by row and never become one large state.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from streams.core.algebra import Note
from streams.core.events import (
    AccountUpserted,
    ConfigEvent,
    ContactUpserted,
    FxRateSet,
    ManagerAssigned,
    PlanSet,
    PolicySet,
    ReferenceEvent,
    TaxonomySet,
)
from streams.core.rows import (
    AccountHistoryRow,
    ContactHistoryRow,
    FxRateRow,
    ManagerAssignmentRow,
    PlanRow,
    PolicyRow,
    Row,
    TaxonomyTopicRow,
)
from streams.core.rules import Rules


def original(event: Any) -> str:
    """Id of the event that this one is, or corrects."""
    corrected: str | None = event.corrects_event_id
    return event.event_id if corrected is None else corrected


def newest(notes: Sequence[Note]) -> Note | None:
    return notes[-1] if notes else None


def reference_rows(note: Note | None, _rules: Rules, _passed: int) -> Sequence[Row]:
    if note is None:
        return ()
    event: ReferenceEvent = note.event  # type: ignore[assignment] # routed here by its type
    match event:
        case AccountUpserted():
            return (_account(event, note.ingested_at),)
        case ContactUpserted():
            return (_contact(event),)
        case ManagerAssigned():
            return (_assignment(event),)
        case _:
            assert_never(event)


def config_rows(note: Note | None, _rules: Rules, _passed: int) -> Sequence[Row]:
    if note is None:
        return ()
    event: ConfigEvent = note.event  # type: ignore[assignment] # routed here by its type
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
        case _:
            assert_never(event)


def config_identity(event: ConfigEvent) -> str:
    """What a setting replaces: the same thing set again for the same moment."""
    match event:
        case FxRateSet():
            return f"{event.base}/{event.quote}/{event.valid_from}"
        case PolicySet():
            return f"{event.policy}/{event.valid_from}"
        case PlanSet():
            return f"plan/{event.plan_id}/{event.valid_from}"
        case TaxonomySet():
            return event.taxonomy_version
        case _:
            assert_never(event)


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
    )
