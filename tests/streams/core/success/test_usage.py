"""Levels of meters: one row per moment, and what cannot be is refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.events import UsageReported
from streams.core.rows_relationship import UsageReportRow
from streams.core.success.usage import identity
from tests.support.machine import changes
from tests.support.tickets import rows
from tests.support.work import at, made, told


def reported(hours: float, value: float = 10.0, **fields: Any) -> UsageReported:
    given = {"meter": "seats", "measured_at": at(hours)}
    return made(UsageReported, hours, value=value, **(given | fields))


def test_a_moment_that_is_reported_again_counts_once() -> None:
    """A collector that restarts sends its last hour under a new id: counted twice, it would weigh down the day."""
    machine = told(reported(0, 10), reported(1, 12, measured_at=at(0), limit=20.0), reported(2, 13))
    found = [(row.measured_at, row.value, row.most) for row in rows(machine, UsageReportRow)]
    assert sorted(found) == [(at(0), 12.0, 20.0), (at(2), 13.0, None)]
    assert changes(machine) == []


def test_a_report_of_the_wrong_moment_can_be_taken_back() -> None:
    """Its moment is what it is told by, so that a correction cannot move it: it is retracted and sent anew."""
    wrong = reported(0)
    back = reported(1, measured_at=wrong.measured_at, corrects_event_id=wrong.event_id, is_retraction=True)
    assert [row.measured_at for row in rows(told(wrong, back, reported(2)), UsageReportRow)] == [at(2)]


@given(st.text(), st.text(), st.integers(0, 99), st.integers(0, 99))
def test_no_two_meters_share_an_identity(one: str, other: str, first: int, second: int) -> None:
    """Meters are named by other systems: a slash in one must not make its moment that of another."""
    pair = [reported(0, meter=name, measured_at=moment) for name, moment in ((one, first), (other, second))]
    assert (identity(pair[0]) == identity(pair[1])) == ((one, first) == (other, second))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"value": 0.0}, None, id="nothing used"),
        pytest.param({"value": 1e15, "limit": 1.0}, None, id="far beyond the limit"),
        pytest.param({"limit": 0.0}, None, id="nothing allowed"),
        pytest.param({"value": -0.5}, "invalid_field", id="below nothing"),
        pytest.param({"value": 1.1e15}, "invalid_field", id="more than can be"),
        pytest.param({"value": float("nan")}, "invalid_field", id="no number"),
        pytest.param({"value": float("inf")}, "invalid_field", id="without end"),
        pytest.param({"limit": -1.0}, "invalid_field", id="a limit below nothing"),
        pytest.param({"limit": float("nan")}, "invalid_field", id="a limit that is no number"),
        pytest.param({"meter": ""}, "invalid_field", id="a meter without a name"),
        pytest.param({"meter": "a\u202eb"}, "invalid_field", id="a meter that turns the direction of writing"),
        pytest.param({"measured_at": at(99)}, "occurred_in_future", id="measured next week"),
        pytest.param({"measured_at": 5}, "occurred_too_early", id="measured in 1970"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], reason: str | None) -> None:
    """One level that is no number would take the mean of its whole month with it."""
    given = msgspec.structs.replace(reported(0), **changed)
    found = check(given, given.account_id.encode(), at(2))
    assert (None if found is None else found[0]) == reason
