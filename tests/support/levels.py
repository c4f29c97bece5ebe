"""Rules of service levels for random histories: hours, holidays and policies that change in the middle of them."""

import msgspec
from hypothesis import strategies as st

from streams.core.clock.schedule import Schedule
from streams.core.clock.worktime import DAY, Version
from streams.core.rules import Policy, Rules
from streams.core.support.sla_policy import METRICS, Limit, SlaPolicy
from tests.support.histories import HOUR, START

_DAY = ((8 * HOUR, 12 * HOUR), (13 * HOUR, 18 * HOUR))
_NIGHT = ((0, 6 * HOUR), (20 * HOUR, DAY))
_SCHEDULES = (
    Schedule(
        "default",
        (
            Version(START - 9 * DAY, "Europe/Rome", (_DAY,) * 5 + ((), ()), (START // DAY + 2,)),
            Version(START + 4 * DAY, "America/Chicago", (_DAY,) * 7),
        ),
    ),
    Schedule("night", (Version(START + DAY, "Asia/Kathmandu", (_NIGHT,) * 7),)),
)
_limits = st.lists(
    st.builds(
        Limit,
        st.sampled_from(METRICS),
        st.sampled_from(["", "", "high"]),
        st.sampled_from([HOUR, 9 * HOUR, 100 * HOUR]),
        st.booleans(),
    ),
    max_size=6,
).map(tuple)
_any: tuple[str, ...] = ()
_policies = st.lists(
    st.builds(
        SlaPolicy,
        position=st.integers(0, 1),
        policy_id=st.sampled_from(["one", "two"]),
        valid_from=st.sampled_from([0, START + 2 * DAY, START + 10 * DAY]),
        version=st.just("v"),
        is_active=st.sampled_from([True, True, True, False]),
        schedule_id=st.sampled_from(["", "night"]),
        match=st.tuples(
            st.just(_any),
            st.sampled_from([_any, _any, ("email",)]),
            st.sampled_from([_any, _any, ("second line",)]),
            st.sampled_from([_any, _any, ("low", "")]),
            st.just(_any),
        ),
        limits=_limits,
    ),
    max_size=4,
    unique_by=lambda each: (each.policy_id, each.valid_from),
).map(lambda drawn: tuple(sorted(drawn)))
levels = st.builds(
    lambda sla, schedules, at_risk: Rules(sla=sla, schedules=schedules, at_risk=(Policy(0, "v", at_risk),)),
    _policies,
    st.sampled_from([_SCHEDULES, _SCHEDULES[:1]]),
    st.sampled_from([60, 7200]),
)
"""Rules as they may be drawn."""
_EACH = tuple(
    Limit(metric, priority, hours * HOUR, metric != "resolution")
    for metric in METRICS
    for priority, hours in (("", 30), ("high", 4))
)
_FIRST = SlaPolicy(1, "one", START - 9 * DAY, "v1", True, "", (_any,) * 5, _EACH)
LEVELS = Rules(
    schedules=_SCHEDULES,
    sla=(
        SlaPolicy(0, "mail", START + 6 * DAY, "v1", True, "night", (_any, ("email",), _any, _any, _any), _EACH[:4]),
        _FIRST,
        msgspec.structs.replace(_FIRST, valid_from=START + 12 * DAY, version="v2", limits=_EACH[2:]),
    ),
)
"""Every metric has a target; a policy for e-mail comes on the seventh day, and other targets on the thirteenth."""
