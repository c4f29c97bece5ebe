"""Media plans and spending: the newest word stands, and what cannot be is refused."""

from typing import Any

import msgspec
import pytest

from streams.core.admission import check
from streams.core.events import Event, MediaPlanSet, MediaSpendReported
from streams.core.rows_work import MediaPlanRow, MediaSpendRow
from tests.support.machine import changes
from tests.support.tickets import HOUR
from tests.support.work import at, made, one, told

YEAR = 366 * 24
MONEY = {"currency": "USD", "exponent": 2}


def planned(hours: float, amount: int = 10_000, **fields: Any) -> MediaPlanSet:
    given = {"plan_id": "l1", "channel": "search", "starts_at": at(0), "ends_at": at(240), "amount": amount, **MONEY}
    return made(MediaPlanSet, hours, **(given | fields))


def spent(hours: float, amount: int, **fields: Any) -> MediaSpendReported:
    given = {"spend_id": "z1", "plan_id": "l1", "amount": amount, "spent_at": at(1), **MONEY}
    return made(MediaSpendReported, hours, **(given | fields))


def test_a_report_that_comes_again_takes_the_place_of_the_first() -> None:
    """Media correct what a day cost for weeks: adding up the reports would count the same day many times."""
    machine = told(planned(0), planned(2, 20_000, project_id="p1"), spent(3, 500), spent(4, 700))
    assert (one(machine, MediaPlanRow).amount_micros, one(machine, MediaPlanRow).project_id) == (200_000_000, "p1")
    assert one(machine, MediaSpendRow).amount_micros == 7_000_000
    assert [(row.item, row.numerator_micros, row.reason) for row in changes(machine)] == [
        ("USD/l1", 5_000_000, ""),
        ("USD/l1", 2_000_000, "reported again"),
    ]


@pytest.mark.parametrize(
    ("event", "changed", "reason"),
    [
        pytest.param(planned(0), {"ends_at": at(0)}, "invalid_field", id="no time at all"),
        pytest.param(planned(0), {"ends_at": at(3 * YEAR)}, None, id="three years"),
        pytest.param(planned(0), {"ends_at": at(3 * YEAR) + 1}, "invalid_field", id="more than three years"),
        pytest.param(planned(0), {"starts_at": 5}, "occurred_too_early", id="from 1970 on"),
        pytest.param(planned(0), {"amount": -1}, "invalid_field", id="planned below zero"),
        pytest.param(planned(0), {"amount": 0}, None, id="nothing planned"),
        pytest.param(planned(0), {"channel": ""}, "invalid_field", id="a channel without a name"),
        pytest.param(spent(0, 1), {"amount": -1}, None, id="given back"),
        pytest.param(spent(0, 1), {"currency": "usd"}, "invalid_field", id="a currency in small letters"),
        pytest.param(spent(0, 1), {"spent_at": at(99)}, "occurred_in_future", id="spent tomorrow"),
    ],
)
def test_what_cannot_be_is_refused(event: Event, changed: dict[str, Any], reason: str | None) -> None:
    """Each day of a line is a fact of a view: a line without an end would fill the server's memory."""
    given = msgspec.structs.replace(event, **changed)
    found = check(given, given.account_id.encode(), at(2) + HOUR)
    assert (None if found is None else found[0]) == reason
