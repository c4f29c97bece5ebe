"""Facts that an onboarding hands over to the health of its account: milestones that are still to be reached, by day."""

from collections.abc import Iterator

from streams.core.health.facts import Fact, Level, day_of
from streams.core.success.onboarding_fold import Onboarding

_KIND = "onboarding"


def facts_of(onboarding: Onboarding) -> Iterator[Fact]:
    """Yield each milestone with a date: open since the plan in force was told, until it is reached.

    While the clock rests, nothing falls due that had not fallen due before: such a milestone is not open meanwhile.
    """
    plan, rests = onboarding.plan, onboarding.paused_since
    if plan is None or onboarding.is_test:
        return
    at, member = plan.occurred_at, plan.onboarding_id
    for code, due in onboarding.due.items():
        reached, day = onboarding.reached.get(code), day_of(due)
        ends, by = (None, plan.event_id) if reached is None else (reached.at, reached.event_id)
        if reached is None and rests is not None and due > rests:
            ends = rests
        if ends is not None and ends <= at:
            continue
        place = f"milestones_open/{code}"
        yield Level(at, _KIND, member, place, plan.event_id, "milestones_open", 1, day)
        if ends is not None:
            yield Level(ends, _KIND, member, f"{place}/over", by, "milestones_open", -1, day)
