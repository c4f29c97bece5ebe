"""Judgements of managers: the newest word on each stands, and what cannot be is refused."""

from typing import Any

import msgspec
import pytest

from streams.core.admission import check
from streams.core.events import ManagerSentimentSet
from streams.core.rows_relationship import ManagerSentimentRow
from tests.support.machine import changes
from tests.support.tickets import rows
from tests.support.work import at, made, one, told


def judged(hours: float, sentiment: int = 1, **fields: Any) -> ManagerSentimentSet:
    given = {"sentiment_id": "j1", "manager_id": "mia", "set_at": at(hours)}
    return made(ManagerSentimentSet, hours, sentiment=sentiment, **(given | fields))


def test_a_judgement_that_comes_again_takes_the_place_of_the_first() -> None:
    """A slip of the finger is mended at the source: two judgements where one was made would end the right one early."""
    machine = told(judged(0, -2), judged(1, 2, set_at=at(0), note_present=True))
    row = one(machine, ManagerSentimentRow)
    assert (row.sentiment, row.has_note, row.set_at, row.manager_id) == (2, True, at(0), "mia")
    assert changes(machine) == []


def test_judgements_stand_side_by_side() -> None:
    """How long each holds is worked out where assignments are known: none may vanish when the next one comes."""
    machine = told(judged(0, -2), judged(1, 2, sentiment_id="j2"))
    assert {(row.sentiment_id, row.sentiment) for row in rows(machine, ManagerSentimentRow)} == {("j1", -2), ("j2", 2)}


def test_a_judgement_that_is_taken_back_leaves_nothing() -> None:
    """It was entered for another account: nobody may find it here, and the one before holds again."""
    first = judged(0)
    back = judged(1, corrects_event_id=first.event_id, is_retraction=True)
    assert list(rows(told(first, back), ManagerSentimentRow)) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"sentiment": 2}, None, id="very good"),
        pytest.param({"sentiment": -2}, None, id="very bad"),
        pytest.param({"sentiment": 3}, "invalid_field", id="better than very good"),
        pytest.param({"sentiment": -3}, "invalid_field", id="worse than very bad"),
        pytest.param({"set_at": at(99)}, "occurred_in_future", id="judged next week"),
        pytest.param({"set_at": 5}, "occurred_too_early", id="judged in 1970"),
        pytest.param({"manager_id": ""}, "invalid_field", id="by nobody"),
        pytest.param({"sentiment_id": ""}, "invalid_field", id="without a name"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], reason: str | None) -> None:
    """A scale of one to five that nobody has mapped would make every relationship look good."""
    given = msgspec.structs.replace(judged(0), **changed)
    found = check(given, given.account_id.encode(), at(2))
    assert (None if found is None else found[0]) == reason
