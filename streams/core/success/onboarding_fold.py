"""The onboarding: its plan, and then in order of business time the milestones reached and the pauses.

Plans come first in the order, whenever they were told: so its start and its dates are known when milestones and pauses
are applied. A plan that is told late folds the onboarding anew, which is as long as its milestones and pauses are many.
"""

from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.events import (
    MilestoneReached,
    OnboardingEvent,
    OnboardingPaused,
    OnboardingPlanned,
    OnboardingResumed,
)
from streams.core.outputs import Outputs, Scope

DAY = 24 * 3_600_000_000
HORIZONS = (30, 60, 90)
"""Days on the clock within which a first value is looked for."""
MARKER = HORIZONS[-1] * DAY


class Reached(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A milestone as it was reached; `spent` is the time on the clock since the start, None without a start."""

    at: int
    spent: int | None
    is_first_value: bool
    event_id: str
    ingested_at: int


class Onboarding(msgspec.Struct, array_like=True, gc=False):
    """An onboarding as its active events say; times and durations in microseconds.

    `last` is the event that comes last, `plan` the newest plan, stored at `plan_stored`. `first_planned` are the dates
    of the first plan that gave any, `due` those of the newest with pauses added, `horizons` the ends of the first 30,
    60 and 90 days on the clock. `reached` holds milestones by code: as many as plan and events name. `paused` is the
    time of the pauses that have ended, `paused_since` when the one that lasts began.
    """

    is_test: bool = False
    last: RecordedEvent | None = None
    plan: OnboardingPlanned | None = None
    plan_stored: int = 0
    first_planned: dict[str, int] = {}
    due: dict[str, int] = {}
    horizons: tuple[int, ...] = ()
    reached: dict[str, Reached] = {}
    first_value: Reached | None = None
    paused: int = 0
    paused_since: int | None = None
    flags: set[str] = set()

    @property
    def planned_codes(self) -> tuple[str, ...]:
        return () if self.plan is None else tuple(each.milestone_code for each in self.plan.milestones)

    @property
    def marker(self) -> int:
        """Return when the first 90 days on the clock end; 0 without a plan."""
        return self.horizons[-1] if self.horizons else 0

    def runs_to(self, at: int) -> bool:
        """Tell whether the clock gets to a moment: it does not while it rests since before."""
        return self.paused_since is None or at <= self.paused_since


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Return the position of an event: plans in fold order, then all else by its own time.

    Of one moment a milestone comes before a pause, and a pause before a resumption.
    """
    event: OnboardingEvent = recorded.event  # type: ignore[assignment] # every event of this entity
    match event:
        case OnboardingPlanned():
            return 0, 0, 0, *fold_order(recorded)
        case MilestoneReached():
            return 1, event.reached_at, 0, *fold_order(recorded)
        case OnboardingPaused():
            return 1, event.effective_at, 1, *fold_order(recorded)
        case OnboardingResumed():
            return 1, event.effective_at, 2, *fold_order(recorded)
        case _:
            assert_never(event)


def apply(onboarding: Onboarding, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event say more of the onboarding. Nothing is sealed: a plan may still be told."""
    event: OnboardingEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    onboarding.last = recorded
    match event:
        case OnboardingPlanned():
            _plan(onboarding, event, recorded.ingested_at)
        case MilestoneReached():
            _reach(onboarding, event, recorded.ingested_at)
        case OnboardingPaused():
            _pause(onboarding, event.effective_at)
        case OnboardingResumed():
            _resume(onboarding, event.effective_at)
        case _:
            assert_never(event)


def _plan(onboarding: Onboarding, event: OnboardingPlanned, ingested_at: int) -> None:
    onboarding.plan, onboarding.plan_stored = event, ingested_at
    onboarding.horizons = tuple(event.starts_at + days * DAY for days in HORIZONS)
    onboarding.due = {each.milestone_code: each.planned_at for each in event.milestones if each.planned_at is not None}
    onboarding.first_planned = {**onboarding.due, **onboarding.first_planned}


def _reach(onboarding: Onboarding, event: MilestoneReached, ingested_at: int) -> None:
    code, at = event.milestone_code, event.reached_at
    if event.planned_at is not None:
        onboarding.due.setdefault(code, event.planned_at)
        onboarding.first_planned.setdefault(code, event.planned_at)
    if code in onboarding.reached:
        onboarding.flags.add("reached_again")
        return
    due, since = onboarding.due.get(code), onboarding.paused_since
    if due is not None and since is not None and due > since:
        onboarding.due[code] = due + at - since  # nothing falls due while the clock rests
    is_first = event.is_first_value or _is_planned_as_first(onboarding, code)
    reached = Reached(at, _spent(onboarding, at), is_first, event.event_id, ingested_at)
    onboarding.reached[code] = reached
    if is_first and onboarding.first_value is None:
        onboarding.first_value = reached


def _is_planned_as_first(onboarding: Onboarding, code: str) -> bool:
    plan = onboarding.plan
    return plan is not None and any(each.is_first_value and each.milestone_code == code for each in plan.milestones)


def _spent(onboarding: Onboarding, at: int) -> int | None:
    """Time on the clock from the start to a moment, 0 before the start; pauses are left out."""
    if onboarding.plan is None:
        return None
    if at < onboarding.plan.starts_at:
        onboarding.flags.add("reached_before_start")
        return 0
    stops = at if onboarding.paused_since is None else onboarding.paused_since
    return stops - onboarding.plan.starts_at - onboarding.paused


def _pause(onboarding: Onboarding, at: int) -> None:
    if onboarding.paused_since is not None:
        onboarding.flags.add("paused_again")
        return
    if onboarding.plan is not None and at < onboarding.plan.starts_at:
        onboarding.flags.add("paused_before_start")
        at = onboarding.plan.starts_at
    onboarding.paused_since = at


def _resume(onboarding: Onboarding, at: int) -> None:
    """Let the clock go on: what had not fallen due when it stopped falls due so much later."""
    since = onboarding.paused_since
    if since is None:
        onboarding.flags.add("resumed_without_pause")
        return
    rested = max(at - since, 0)
    onboarding.paused, onboarding.paused_since = onboarding.paused + rested, None
    for code, due in onboarding.due.items():
        if due > since and code not in onboarding.reached:
            onboarding.due[code] = due + rested
    onboarding.horizons = tuple(at + rested if at > since else at for at in onboarding.horizons)
