import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.demo import oracle, plan
from infra.demo.oracle import Figure
from infra.demo.plan import Message
from infra.demo.world import DAY, HOUR, START

_MESSAGES = plan.messages(lambda *_: b"")


def _message(kind: str, at: int, **fields: Any) -> Message:
    whole = {"event_id": f"{kind}{at}{fields}", "account_id": "a", "occurred_at": START + at, **fields}
    return Message("survey", b"a", b"", kind, whole)


def _response(name: str, at: int, score: float, **fields: Any) -> Message:
    answers = [{"question_id": "q", "kind": "NPS", "number": score}]
    said = {"response_id": name, "submitted_at": START + at, "finished": True, "is_test": False, "answers": answers}
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
    _response("r1", DAY, 10.0, invitation_id="i1"),
    _response("r2", 2 * DAY, 3.0, display_id="d1", finished=False),
    _message("response_tagged", 2 * DAY, response_id="r2", topics=[{"topic_id": "price"}]),
    _message("followup_logged", 2 * DAY + 49 * HOUR, response_id="r2"),
    _response("r3", 9 * DAY, 4.0),
    _message("response_corrected", 9 * DAY + 1, response_id="r3", answers=[
        {"question_id": "q", "kind": "NPS", "number": 9.0}, {"question_id": "t", "kind": "TEXT", "text": "fine"},
        {"question_id": "c", "kind": "CSAT", "number": 4.0}, {"question_id": "e", "kind": "CES", "number": 3.0},
    ]),
    _response("r4", 9 * DAY, 0.0),
    _message("response_deleted", 10 * DAY, response_id="r4"),
    _response("r5", 9 * DAY, 0.0, is_test=True),
]  # fmt: skip


def test_a_history_worked_out_by_hand() -> None:
    """The oracle judges the product, so it is itself held against figures that fit on a slip of paper.

    Three responses count: 10 in week one, 3 in week one, and 4 corrected to 9 in week two.
    """
    figures = {(figure.metric, figure.slice): figure for figure in oracle.expect(_SMALL)}
    assert figures["nps", "all"] == Figure("nps", "all", 100 / 3, 1, 3)
    assert figures["nps", "week:2025-01-06"] == Figure("nps", "week:2025-01-06", 0.0, 0, 2)
    assert figures["nps", "week:2025-01-13"] == Figure("nps", "week:2025-01-13", 100.0, 1, 1)
    assert figures["nps", "segment:old"].n == 2
    assert figures["nps", "segment:new"].n == 1
    assert figures["csat", "all"].value == 100
    assert figures["ces", "all"].value == 0
    assert figures["ces_mean", "all"].value == 3
    assert figures["response_rate", "all"] == Figure("response_rate", "all", 100, 1, 1)
    assert figures["start_rate", "all"] == Figure("start_rate", "all", 50, 1, 2)
    assert figures["completion_rate", "all"].numerator == 2
    assert figures["verbatim_rate", "all"].numerator == 1
    assert figures["closed_loop_rate", "all"] == Figure("closed_loop_rate", "all", 0, 0, 1)
    assert figures["hours_to_contact", "all"].value == 49
    assert figures["topic_share", "topic:price"].value == 100


@given(st.randoms(use_true_random=False), st.integers(0, 3000))
def test_order_and_repetition_change_no_figure(chance: Any, repeated: int) -> None:
    """The pipeline promises the same figures for any order and any repetition, so what it is held to must as well."""
    messages = [*_SMALL, *_SMALL[: repeated % len(_SMALL)]]
    chance.shuffle(messages)
    assert sorted(map(repr, oracle.expect(messages))) == sorted(map(repr, oracle.expect(_SMALL)))


def test_the_demonstration_exercises_every_figure() -> None:
    """A metric whose numerator is nought or everything would be right by accident."""
    for figure in oracle.expect(_MESSAGES):
        if figure.slice == "all" and figure.value != figure.numerator:
            assert 0 < abs(figure.numerator) < 10 * figure.n
            assert figure.n >= 100, figure


def test_the_demonstration_begins_on_a_monday() -> None:
    """Its weeks are ISO weeks: the first of them must be a whole one."""
    assert dt.datetime.fromtimestamp(START / 1e6, dt.UTC).isoweekday() == 1
