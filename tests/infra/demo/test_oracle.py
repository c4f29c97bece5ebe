import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.demo import oracle, plan
from infra.demo.plan import Message
from infra.demo.world import DAY, HOUR, START

_MESSAGES = plan.messages(lambda *_: b"")


def _message(kind: str, at: int, **fields: Any) -> Message:
    whole = {"event_id": f"{kind}{at}{fields}", "account_id": "a", "occurred_at": START + at, **fields}
    return Message("survey", b"a", b"", kind, whole)


def _response(name: str, at: int, score: float, **fields: Any) -> Message:
    answers = [{"question_id": "q", "kind": "NPS", "number": score}]
    said = {"response_id": name, "submitted_at": START + at, "finished": True, "is_test": False,
            "answers": answers, "contact_id": "c"}  # fmt: skip
    return _message("response_submitted", at, **{**said, **fields})


_SMALL = [
    _message("account_upserted", -DAY, segment="old"),
    _message("account_upserted", 8 * DAY, segment="new"),
    _message("manager_assigned", -DAY, manager_id="m"),
    _message("survey_displayed", 0, display_id="d1"),
    _message("survey_displayed", 0, display_id="d2"),
    _message("invitation_sent", 0, invitation_id="i1", is_test=False),
    _message("invitation_delivered", 1, invitation_id="i1"),
    _message("invitation_sent", 0, invitation_id="i2", is_test=False),
    _message("invitation_bounced", 1, invitation_id="i2"),
    _message("invitation_sent", 0, invitation_id="i3", is_test=False),
    _message("invitation_sent", DAY, invitation_id="i3", is_test=False),
    _response("r6", 15 * DAY, 9.0, invitation_id="i3", is_test=True),
    _response("r1", DAY, 10.0, invitation_id="i1", contact_id="c1"),
    _response("r2", 2 * DAY, 3.0, display_id="d1", finished=False),
    _message("response_tagged", 2 * DAY, response_id="r2", topics=[{"topic_id": "price"}]),
    _message("followup_logged", 2 * DAY + 49 * HOUR, response_id="r2"),
    _response("r3", 9 * DAY, 4.0, contact_id="c3"),
    _message("response_corrected", 9 * DAY + 1, response_id="r3", answers=[
        {"question_id": "q", "kind": "NPS", "number": 9.0}, {"question_id": "t", "kind": "TEXT", "text": "fine"},
        {"question_id": "c", "kind": "CSAT", "number": 4.0}, {"question_id": "e", "kind": "CES", "number": 3.0},
    ]),
    _response("r4", 9 * DAY, 0.0),
    _message("response_deleted", 10 * DAY, response_id="r4"),
    _response("r5", 9 * DAY, 0.0, is_test=True),
]  # fmt: skip


def _row(*key: str) -> tuple[float, float, int]:
    """Value, numerator and n of metric, grain, window, dimension, slice and item."""
    rows = {figure.key: (figure.value, figure.numerator, figure.n) for figure in oracle.expect(_SMALL)}
    return rows[(*key, "") if len(key) == 5 else key]


def test_a_history_worked_out_by_hand() -> None:
    """The oracle judges the product, so it is itself held against figures that fit on a slip of paper.

    Three responses count: 10 in week one, 3 in week one, and 4 corrected to 9 in week two.
    """
    quarter, first, second = ("quarter", "2025-01-01"), ("week", "2025-01-06"), ("week", "2025-01-13")
    assert _row("nps", *quarter, "all", "") == (pytest.approx(100 / 3), 1, 3)
    assert _row("nps", *first, "all", "") == (0, 0, 2)
    assert _row("nps", *second, "all", "") == (100, 1, 1)
    assert _row("nps", *quarter, "segment", "old") == (0, 0, 2)
    assert _row("nps", *quarter, "segment", "new") == (100, 1, 1)
    assert _row("csat", *second, "account", "a") == (100, 1, 1)
    assert _row("ces", *second, "manager", "m") == (0, 0, 1)
    assert _row("ces_mean", *quarter, "all", "") == (3, 3, 1)
    assert _row("response_rate", *first, "all", "") == (50, 1, 2)
    assert _row("start_rate", *first, "all", "") == (50, 1, 2)
    assert _row("completion_rate", *first, "all", "") == (0, 0, 2)
    assert _row("verbatim_rate", *quarter, "all", "") == (pytest.approx(100 / 3), 1, 3)
    assert _row("closed_loop_rate", *first, "all", "") == (0, 0, 1)
    assert _row("time_to_contact", *first, "all", "") == (49, 49, 1)
    assert _row("topic_share", *first, "all", "", "price") == (100, 1, 1)


def test_of_one_persons_answers_a_window_counts_the_latest() -> None:
    """The headline score counts people, not answers: last week's complaint and this week's praise are one of each."""
    twice = [*_SMALL[:3], _response("r1", DAY, 0.0), _response("r2", 2 * DAY, 10.0), _response("r3", 8 * DAY, 0.0)]
    rows = {figure.key: figure.value for figure in oracle.expect(twice)}
    assert rows["nps", "week", "2025-01-06", "all", "", ""] == 100
    assert rows["nps", "quarter", "2025-01-01", "all", "", ""] == -100


@given(st.randoms(use_true_random=False), st.integers(0, 3000))
def test_order_and_repetition_change_no_figure(chance: Any, repeated: int) -> None:
    """The pipeline promises the same figures for any order and any repetition, so what it is held to must as well."""
    messages = [*_SMALL, *_SMALL[: repeated % len(_SMALL)]]
    chance.shuffle(messages)
    assert sorted(map(repr, oracle.expect(messages))) == sorted(map(repr, oracle.expect(_SMALL)))


def test_the_demonstration_exercises_every_metric() -> None:
    """A share that is nought or everything would be right by accident; so would one of a handful.

    Renewals and onboardings are few, each with a course of its own: tests beside this one look at all of them.
    """
    few = ("renewal_rate_gross", "value_reached_share", "credited_flow")
    every = [figure for figure in oracle.expect(_MESSAGES) if figure.metric not in few]
    quarter = [figure for figure in every if figure.grain == "quarter"]
    whole = [figure for figure in quarter if figure.window_start == "2025-01-01" and not figure.slice]
    assert len(whole) == 11 + 4 + 9 + 3 + 1 + 1
    for figure in whole:
        assert figure.n >= 50, figure
        assert 0 < abs(figure.numerator) != figure.n, figure


def test_the_demonstration_begins_on_a_monday() -> None:
    """Its weeks are ISO weeks: the first of them must be a whole one."""
    assert dt.datetime.fromtimestamp(START / 1e6, dt.UTC).isoweekday() == 1
