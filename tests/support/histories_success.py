"""Hypothesis strategies: short histories of two contracts, or of two onboardings, of one account.

Few dates and values, so that events meet: decisions before their contract and at the moment of its extension, due dates
that move, terms that follow each other, notice that passes; milestones before the start, pauses in pauses, plans anew.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    ContractSet,
    Event,
    MilestoneReached,
    OnboardingPaused,
    OnboardingPlanned,
    OnboardingResumed,
    PlannedMilestone,
    RenewalDecided,
)
from tests.support.histories import ENVELOPE, HOUR, START, histories_of, times

DAY = 24 * HOUR
Strategy = st.SearchStrategy[Any]
_moments = st.integers(0, 12).map(lambda tens: START + tens * 10 * DAY)
_terms = st.sampled_from([10, 10, 30, 60]).map(lambda days: days * DAY)
_money = st.sampled_from([("USD", 2), ("USD", 2), ("USD", 2), ("EUR", 2)])
_CONTRACT: dict[str, Any] = ENVELOPE | {"contract_id": st.sampled_from(["k1", "k1", "k2"])}
_STATED = st.builds(
    ContractSet,
    **(_CONTRACT | {"occurred_at": times | _moments}),
    term_kind=st.sampled_from(["FIXED", "FIXED", "FIXED", "MONTHLY", "EVERGREEN", "UNKNOWN"]),
    starts_at=_moments,
    notice_days=st.sampled_from([None, 0, 5, 10]),
    auto_renew=st.booleans(),
    annual_value=st.sampled_from([0, 100_00, 120_00]),
    currency=st.just("USD"),
    exponent=st.just(2),
    products=st.sampled_from([(), ("polls",)]),
)


def _with_term(drawn: tuple[ContractSet, int, tuple[str, int], bool]) -> ContractSet:
    """Return the contract with an end after its start, and a renewal at or a little before it where there is one."""
    stated, length, (currency, exponent), is_early = drawn
    ends = stated.starts_at + length
    known = {"currency": currency, "exponent": exponent}
    if stated.term_kind == "FIXED":
        renewal = ends - DAY if is_early and (stated.notice_days or 0) < 10 else None
        return msgspec.structs.replace(stated, **known, ends_at=ends, renewal_at=renewal)
    return msgspec.structs.replace(stated, **known)


CONTRACTS: dict[type[Event], Strategy] = {
    ContractSet: st.tuples(_STATED, _terms, _money, st.booleans()).map(_with_term),
    RenewalDecided: st.tuples(
        st.builds(
            RenewalDecided,
            **_CONTRACT,
            outcome=st.sampled_from(["RENEWED", "RENEWED", "DOWNSOLD", "UPSOLD", "LOST", "UNKNOWN"]),
            amount=st.sampled_from([0, 80_00, 100_00, 120_00]),
            currency=st.just("USD"),
            exponent=st.just(2),
            decided_at=st.just(0),
            successor_id=st.sampled_from([None, None, "k9"]),
        ),
        st.integers(0, 2),
    ).map(
        lambda pair: msgspec.structs.replace(
            pair[0],
            decided_at=pair[0].occurred_at - pair[1] * 5 * HOUR,
            amount=0 if pair[0].outcome == "LOST" else pair[0].amount,
        )
    ),
}
_ONBOARDING: dict[str, Any] = ENVELOPE | {"onboarding_id": st.sampled_from(["o1", "o1", "o2"])}
_CODES = ("kickoff", "live", "value")


def _with_milestones(drawn: tuple[OnboardingPlanned, list[int | None]]) -> OnboardingPlanned:
    """Return the plan with milestones some tens of days after its start, the last of them the first value."""
    plan, tens = drawn
    milestones = tuple(
        PlannedMilestone(
            milestone_code=code,
            planned_at=None if each is None else plan.starts_at + each * 10 * DAY,
            is_first_value=code == "value",
        )
        for code, each in zip(_CODES, tens, strict=False)
    )
    return msgspec.structs.replace(plan, milestones=milestones)


def _as_it_happened(built: Strategy, name: str) -> Strategy:
    """Events whose own time is that of the event, or some hours before."""
    return st.tuples(built, st.integers(0, 2)).map(
        lambda pair: msgspec.structs.replace(pair[0], **{name: pair[0].occurred_at - pair[1] * 5 * HOUR})
    )


_CLOCK: dict[str, Any] = _ONBOARDING | {"occurred_at": times | _moments}
ONBOARDINGS: dict[type[Event], Strategy] = {
    OnboardingPlanned: st.tuples(
        st.builds(
            OnboardingPlanned,
            **_ONBOARDING,
            starts_at=st.integers(0, 2).map(lambda tens: START + tens * 10 * DAY),
            start_kind=st.sampled_from(["CONTRACT", "KICKOFF"]),
        ),
        st.lists(st.sampled_from([None, 0, 1, 2, 10]), max_size=3),
    ).map(_with_milestones),
    MilestoneReached: _as_it_happened(
        st.builds(
            MilestoneReached,
            **_CLOCK,
            milestone_code=st.sampled_from(_CODES),
            is_first_value=st.booleans(),
            planned_at=st.none() | _moments,
            reached_at=st.just(0),
        ),
        "reached_at",
    ),
    OnboardingPaused: _as_it_happened(
        st.builds(OnboardingPaused, **_CLOCK, effective_at=st.just(0), reason=st.none()), "effective_at"
    ),
    OnboardingResumed: _as_it_happened(st.builds(OnboardingResumed, **_CLOCK, effective_at=st.just(0)), "effective_at"),
}
SUCCESS: dict[type[Event], Strategy] = CONTRACTS | ONBOARDINGS
"""A strategy for each event type of contracts and onboardings."""


def success_histories(
    kinds: Iterable[type[Event]] = SUCCESS, max_size: int = 9
) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories as in `histories`, of events of the given kinds."""
    return histories_of(st.one_of(*(SUCCESS[kind] for kind in kinds)), max_size)
