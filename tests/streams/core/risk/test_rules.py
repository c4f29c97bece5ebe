"""Rules of risk as settings: which version holds when, what shipped ones say, and what cannot be a rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.events import RiskCondition, RiskRise, RiskRuleSet
from streams.core.risk.choices import HIGH, MEDIUM, SHIPPED, SIGNALS, in_words, rule
from streams.core.risk.episodes import FACT_ENDED, RECOVERED
from streams.core.rules import Rules, rules_from
from tests.support.work import at, made

DAY = 86_400_000_000
OVERDUE = RiskCondition(signal="overdue_days", risky_when="at_least", enter=61.0, exit=30.0)


def ruled(hours: float = 0, **fields: Any) -> RiskRuleSet:
    said = {"account_id": "risk:overdue", "rule_id": "overdue", "rule_version": "v2", "conditions": (OVERDUE,)}
    said |= {"severity": "low", "dwell_in_s": 60, "dwell_out_s": 0, "rearm_s": 3600, "valid_from": at(hours)}
    return made(RiskRuleSet, hours, **(said | fields))


def condition(**fields: Any) -> RiskCondition:
    return RiskCondition(**({"signal": "overdue_days", "risky_when": "at_least", "enter": 61.0, "exit": 30.0} | fields))


def refusal(event: RiskRuleSet) -> tuple[str, str] | None:
    return check(event, event.account_id.encode(), event.occurred_at)


def named(rules: Rules, moment: int) -> dict[str, tuple[str, int]]:
    return {each.rule_id: (each.version, each.severity) for each in rules.risk_rules(moment)}


def test_shipped_rules_hold_until_one_of_their_name_is_set() -> None:
    """A rule set for the future must not change what is open now, nor silence the other nine."""
    rules = rules_from([ruled(10)])
    before, after = named(rules, at(10) - 1), named(rules, at(10))
    assert before == named(Rules(), 0) == {each.rule_id: ("default", each.severity) for each in SHIPPED}
    assert after == before | {"overdue": ("v2", 1)}


def test_a_rule_is_switched_off_and_on_again_by_versions() -> None:
    """What nobody wants has to be silenced without forgetting that it held."""
    rules = rules_from([ruled(20), ruled(10, is_active=False)])
    assert [("overdue" in named(rules, at(hour))) for hour in (9, 10, 19, 20)] == [True, False, False, True]


@given(st.permutations([ruled(1), ruled(1, severity="high"), ruled(2, is_active=False), ruled(3)]))
def test_rules_follow_from_what_was_set_in_any_order(events: list[RiskRuleSet]) -> None:
    """Workers read settings as they come, rebuilds all at once; both must judge alike."""
    one, other = rules_from(events), rules_from([*events, *reversed(events)])
    assert one == other
    assert one.name == other.name != Rules().name


def test_rules_of_risk_leave_the_marker_of_others_alone() -> None:
    """A deployment that sets none has the marker that it had: another one would fold everything anew."""
    assert Rules().fingerprint() == Rules(risk=()).fingerprint()
    assert rules_from([ruled(1)]).name != rules_from([ruled(1, severity="high")]).name


def test_an_ordinary_end_is_named_after_what_is_watched() -> None:
    """Paid is a fact that ended; a score that rose is an account that recovered."""
    reasons = {each.rule_id: each.terms.reason for each in SHIPPED}
    assert reasons["overdue"] == reasons["cancel_scheduled"] == FACT_ENDED
    assert reasons["health_drop"] == reasons["renewal_at_risk"] == reasons["sla_breaches"] == RECOVERED


@given(st.sampled_from(SHIPPED), st.floats(-1e6, 1e6))
def test_no_number_is_risky_and_healthy_at_once(shipped: Any, number: float) -> None:
    """Where the two sides met, an episode would open and close for ever."""
    for each in shipped.conditions:
        assert not (each.is_risky(number) and each.is_healthy(number))
        assert each.is_risky(each.enter)
        assert each.is_healthy(each.exit)
        assert each.signal in SIGNALS


def test_severity_is_that_of_the_worst_threshold_passed() -> None:
    """The border belongs to the worse side, as that of the rule itself does."""
    (drop,) = next(each for each in SHIPPED if each.rule_id == "health_drop").conditions
    assert [drop.severity(number) for number in (15, 24.9, 25, 40)] == [0, 0, HIGH, HIGH]
    low = rule(ruled(conditions=(condition(risky_when="at_most", enter=5.0, exit=6.0,
                                           worse=(RiskRise(enter=1.0, severity="medium"),)),)))  # fmt: skip
    assert [low.conditions[0].severity(number) for number in (5, 1.1, 1, 0)] == [0, 0, MEDIUM, MEDIUM]
    assert (low.dwell_in, low.rearm, low.severity) == (60_000_000, 3_600_000_000, 1)


def test_a_condition_is_told_in_words() -> None:
    """Who asks why an account is at risk reads the table of rules, not the code."""
    said = condition(signal="score_drop", model_id="m", days=7, enter=15.0, exit=5.0,
                     worse=(RiskRise(enter=25.0, severity="high"),))  # fmt: skip
    assert in_words(said) == "score_drop of m over 7 days at least 15, healthy at 5, high from 25"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no condition": ({"conditions": ()}, "never hold"),
    "too many": ({"conditions": tuple(condition(enter=61.0 + each) for each in range(9))}, "more than 8"),
    "one number twice": ({"conditions": (condition(), condition(enter=90.0))}, "twice"),
    "exit at enter": ({"conditions": (condition(exit=61.0),)}, "below enter"),
    "wrong way round": ({"conditions": (condition(exit=90.0),)}, "below enter"),
    "wrong way round below": ({"conditions": (condition(risky_when="at_most"),)}, "above enter"),
    "signal unknown": ({"conditions": (condition(signal="logins"),)}, "is none of"),
    "side unknown": ({"conditions": (condition(risky_when="near"),)}, "is none of"),
    "no window": ({"conditions": (condition(signal="sla_breaches"),)}, "looks back over 1"),
    "window too long": ({"conditions": (condition(signal="ticket_surge", days=29),)}, "1 to 28"),
    "window of nothing": ({"conditions": (condition(days=7),)}, "no days"),
    "model of a fact": ({"conditions": (condition(model_id="m"),)}, "of no model"),
    "no number": ({"conditions": (condition(enter=float("nan")),)}, "must be numbers"),
    "endless": ({"conditions": (condition(enter=float("inf")),)}, "must be numbers"),
    "worse nearer": ({"conditions": (condition(worse=(RiskRise(enter=60.0, severity="high"),)),)}, "further out"),
    "worse and milder": (
        {"conditions": (condition(worse=(RiskRise(enter=70.0, severity="high"),
                                         RiskRise(enter=80.0, severity="low"))),)},
        "higher severity",
    ),
    "worse of nothing": ({"conditions": (condition(worse=(RiskRise(enter=70.0, severity="dire"),)),)}, "none of"),
    "severity unknown": ({"severity": ""}, "none of"),
    "negative dwell": ({"dwell_in_s": -1}, "dwell_in_s"),
    "endless dwell": ({"dwell_out_s": 2**62}, "dwell_out_s"),
    "negative rearm": ({"rearm_s": -1}, "rearm_s"),
    "before time": ({"valid_from": 1}, "before the year 2000"),
    "version of control characters": ({"rule_version": "\x1b"}, "printable"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_can_be_no_rule_is_refused_with_a_reason(wrong: str) -> None:
    """A rule that can never open, or never close, is a mistake that nobody would notice for months."""
    fields, reason = WRONG[wrong]
    found = refusal(ruled(**fields))
    assert found is not None
    assert reason in found[1]
    assert refusal(ruled()) is None


finite = st.floats(allow_nan=True, allow_infinity=True)
conditions = st.builds(
    RiskCondition,
    signal=st.sampled_from([*SIGNALS, "other"]),
    model_id=st.sampled_from([None, "m"]),
    days=st.integers(-1, 400),
    risky_when=st.sampled_from(["at_least", "at_most", ""]),
    enter=finite,
    exit=finite,
    worse=st.lists(
        st.builds(RiskRise, enter=finite, severity=st.sampled_from(["low", "medium", "high", "no"])), max_size=3
    ).map(tuple),
)


@given(st.lists(conditions, max_size=3).map(tuple))
def test_a_rule_that_is_taken_can_open_and_close(given_conditions: tuple[RiskCondition, ...]) -> None:
    """Whatever admission lets through, the fold has to live with."""
    event = ruled(conditions=given_conditions)
    if refusal(event) is None:
        for each in rule(event).conditions:
            assert each.is_risky(each.enter)
            assert not each.is_healthy(each.enter)
            assert each.is_healthy(each.exit)
            assert not each.is_risky(each.exit)
