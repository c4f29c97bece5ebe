"""Rows of onboardings and of their milestones, as of the time that has passed."""

from collections.abc import Iterator
from typing import Any

from streams.core.algebra import RecordedEvent
from streams.core.rows_onboarding import OnboardingMilestoneRow, OnboardingRow
from streams.core.success.onboarding_fold import MARKER, Onboarding


def stalled(onboarding: Onboarding, passed: int) -> list[tuple[str, int]]:
    """Return milestones that were not reached by their date, with that date, once time has gone to `passed`."""
    return [
        (code, due)
        for code, due in onboarding.due.items()
        if code not in onboarding.reached and due <= passed and onboarding.runs_to(due)
    ]


def onboarding_row(onboarding: Onboarding, last: RecordedEvent, passed: int) -> OnboardingRow:
    """Return the row of an onboarding that any event names."""
    event: Any = last.event
    plan, first, codes = onboarding.plan, onboarding.first_value, onboarding.planned_codes
    missed = stalled(onboarding, passed)
    reached = [onboarding.reached[code] for code in codes if code in onboarding.reached]
    is_complete = bool(codes) and len(reached) == len(codes)
    return OnboardingRow(
        event.account_id,
        event.onboarding_id,
        _state(onboarding, is_complete=is_complete, is_stalled=bool(missed)),
        plan.starts_at if plan else None,
        plan.start_kind.lower() if plan else "",
        (plan.contract_id or "") if plan else "",
        (plan.product or "") if plan else "",
        first.at if first else None,
        first.spent if first else None,
        max(each.at for each in reached) if is_complete else None,
        min(due for _, due in missed) if missed else None,
        _marker_at(onboarding),
        _within_marker(onboarding, passed),
        len(codes),
        len(reached),
        sum(_is_late(onboarding, code) for code in onboarding.reached),
        onboarding.paused,
        onboarding.paused_since,
        tuple(sorted(_flags(onboarding))),
        onboarding.is_test,
        event.source,
        event.event_id,
        event.occurred_at,
        last.ingested_at,
        plan.occurred_at if plan else None,
    )


def _state(onboarding: Onboarding, *, is_complete: bool, is_stalled: bool) -> str:
    if onboarding.plan is None:
        return "incomplete"
    if is_complete:
        return "completed"
    if onboarding.paused_since is not None:
        return "paused"
    return "stalled" if is_stalled else "running"


def _marker_at(onboarding: Onboarding) -> int | None:
    """Return when the first 90 days end; unknown while the clock rests before that."""
    return onboarding.marker if onboarding.plan is not None and onboarding.runs_to(onboarding.marker) else None


def _within_marker(onboarding: Onboarding, passed: int) -> str:
    """Tell whether the first value came within 90 days: met, missed, or open while it still may."""
    first = onboarding.first_value
    if onboarding.plan is None:
        return ""
    if first is not None:
        return "met" if first.spent is not None and first.spent <= MARKER else "missed"
    return "missed" if onboarding.marker <= passed and onboarding.runs_to(onboarding.marker) else "open"


def _is_late(onboarding: Onboarding, code: str) -> bool:
    due = onboarding.due.get(code)
    return due is not None and onboarding.reached[code].at > due


def _flags(onboarding: Onboarding) -> set[str]:
    if onboarding.plan is None:
        return onboarding.flags | {"not_planned"}
    return onboarding.flags if onboarding.plan.milestones else onboarding.flags | {"no_milestones"}


def milestone_rows(onboarding: Onboarding, last: RecordedEvent, passed: int) -> Iterator[OnboardingMilestoneRow]:
    """Yield the row of each milestone that the plan or an event names."""
    event: Any = last.event
    plan = onboarding.plan
    missed = {code for code, _ in stalled(onboarding, passed)}
    dates = {each.milestone_code: each.planned_at for each in plan.milestones} if plan else {}
    firsts = {each.milestone_code for each in plan.milestones if each.is_first_value} if plan else set()
    for code in dict.fromkeys((*onboarding.planned_codes, *onboarding.reached)):
        reached = onboarding.reached.get(code)
        if reached is None:
            state = "stalled" if code in missed else "planned"
        else:
            state = "late" if _is_late(onboarding, code) else "reached"
        told_by = plan.event_id if plan is not None and reached is None else ""
        yield OnboardingMilestoneRow(
            event.account_id,
            event.onboarding_id,
            code,
            state,
            code in dates,
            code in firsts or (reached is not None and reached.is_first_value),
            onboarding.first_planned.get(code),
            dates.get(code),
            onboarding.due.get(code),
            reached.at if reached else None,
            reached.spent if reached else None,
            onboarding.is_test,
            reached.event_id if reached else told_by,
            reached.ingested_at if reached else onboarding.plan_stored,
        )
