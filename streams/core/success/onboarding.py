"""Open outputs of an onboarding: its row, those of its milestones, and what somebody should learn of."""

from operator import attrgetter

from streams.core.algebra import Signal, derived_id
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import OnboardingEvent
from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.success.measures import onboarding_measures
from streams.core.success.onboarding_fold import Onboarding, apply, sort_key
from streams.core.success.onboarding_rows import milestone_rows, onboarding_row, stalled
from streams.core.success.onboarding_signs import facts_of


def project(onboarding: Onboarding, scope: Scope, outputs: Outputs) -> None:
    """List the onboarding, and each milestone that its plan or an event names."""
    if onboarding.last is None:
        return
    row = onboarding_row(onboarding, onboarding.last, scope.passed)
    outputs.rows.append(row)
    outputs.rows.extend(milestone_rows(onboarding, onboarding.last, scope.passed))
    hand_over(facts_of(onboarding), outputs)
    if not onboarding.is_test:
        outputs.measures.update(onboarding_measures(onboarding, is_complete=row.completed_at is not None))
        outputs.signals.update(_signals(onboarding, scope.passed))


def deadline(onboarding: Onboarding, scope: Scope) -> int:
    """Return when the next milestone is missed, or the first 90 days end without a first value."""
    moments = [due for code, due in onboarding.due.items() if code not in onboarding.reached]
    if onboarding.first_value is None and onboarding.plan is not None:
        moments.append(onboarding.marker)
    return min((at for at in moments if at > scope.passed and onboarding.runs_to(at)), default=NEVER)


def _signals(onboarding: Onboarding, passed: int) -> dict[str, Signal]:
    """Return, by id, what was missed; nobody is called about what was planned only when it was past."""
    plan = onboarding.plan
    if plan is None:
        return {}
    found = [("onboarding_stalled", code, due) for code, due in stalled(onboarding, passed)]
    if onboarding.first_value is None and onboarding.marker <= passed and onboarding.runs_to(onboarding.marker):
        found.append(("onboarding_without_value", "", onboarding.marker))
    signals = (
        Signal(
            derived_id(plan.event_id, f"{kind}/{code}"),
            kind,
            plan.account_id,
            plan.onboarding_id,
            at,
            {"milestone_code": code, "due_at": str(at), "starts_at": str(plan.starts_at)},
        )
        for kind, code, at in found
        if onboarding.plan_stored < at
    )
    return {signal.signal_id: signal for signal in signals}


ONBOARDING = Reducer(
    kind="onboarding",
    prefix=PREFIXES["onboarding"],
    events=OnboardingEvent,
    identify=attrgetter("onboarding_id"),
    accumulator=Onboarding,
    apply=apply,
    project=project,
    sort_key=sort_key,
    deadline=deadline,
)
