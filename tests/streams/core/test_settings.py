"""Which settings replace which: nothing that two events set may be taken for one thing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import (
    ConfigEvent,
    FxRateSet,
    HolidaySet,
    PlanSet,
    PolicySet,
    RiskRuleSet,
    ScheduleSet,
    SlaMatch,
    SlaPolicySet,
    TaxonomySet,
)
from streams.core.settings import identity, standing

AT = 1_700_000_000_000_000
SHARED: dict[str, Any] = {
    "event_id": "00000000-0000-4000-8000-000000000001",
    "account_id": "acme",
    "occurred_at": AT,
    "source": "test:1",
    "valid_from": AT,
}
names = st.lists(st.sampled_from(["/", "%", "%2F", "a", "b", "schedule", "plan", str(AT)]), min_size=1).map("".join)


def policy(name: str) -> PolicySet:
    return PolicySet(**SHARED, policy=name, policy_version="v1", value="1")


def hours(name: str) -> ScheduleSet:
    return ScheduleSet(**SHARED, schedule_id=name, time_zone="UTC", hours=())


def holidays(schedule: str, name: str) -> HolidaySet:
    return HolidaySet(**SHARED, schedule_id=schedule, holiday_set_id=name, holidays=())


things = st.one_of(
    st.builds(policy, names),
    st.builds(hours, names),
    st.builds(holidays, names, names),
    st.builds(lambda name: PlanSet(**SHARED, plan_id=name, name="Team"), names),
    st.builds(
        lambda name: SlaPolicySet(
            **SHARED, policy_id=name, policy_version="v1", position=1, match=SlaMatch(), targets=()
        ),
        names,
    ),
    st.builds(
        lambda name: RiskRuleSet(
            **SHARED,
            rule_id=name,
            rule_version="v1",
            conditions=(),
            severity="low",
            dwell_in_s=0,
            dwell_out_s=0,
            rearm_s=0,
        ),
        names,
    ),
    st.builds(lambda name: TaxonomySet(**SHARED, taxonomy_version=name, topics=()), names),
    st.sampled_from([("EUR", "USD"), ("USD", "EUR")]).map(
        lambda pair: FxRateSet(**SHARED, base=pair[0], quote=pair[1], rate_micros=1)
    ),
)


@given(things, things)
def test_different_things_have_different_identities(one: ConfigEvent, other: ConfigEvent) -> None:
    """Two that share one hide each other, and which is seen depends on which was said last."""
    assert (identity(one) == identity(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (policy("schedule/default"), hours("default")),
        (holidays("a/b", "c"), holidays("a", "b/c")),
        (policy("schedule%2Fdefault"), policy("schedule/default")),
    ],
    ids=["a policy and hours", "holidays", "what is written as a slash is"],
)
def test_a_slash_within_a_name_divides_nothing(one: Any, other: Any) -> None:
    """Found by reading: these pairs were one setting each."""
    assert standing([one, other]) == [one, other]
