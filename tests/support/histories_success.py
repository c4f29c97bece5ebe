"""Hypothesis strategies: short histories of two contracts of one account: amended, decided on, extended, endless.

Few dates and values, so that events meet: decisions before their contract and at the moment of its extension, due dates
that move, terms that follow each other, notice that passes.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import ContractSet, Event, RenewalDecided
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


SUCCESS: dict[type[Event], Strategy] = {
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
"""A strategy for each event type of contracts."""


def success_histories(max_size: int = 9) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories as in `histories`, of contracts."""
    return histories_of(st.one_of(*SUCCESS.values()), max_size)
