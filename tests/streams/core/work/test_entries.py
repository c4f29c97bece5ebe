"""Entries of time and money: the newest stands, and nothing of what a person costs is in a row that everybody reads."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from streams.core.admission import check
from streams.core.events import CostEntry, Event, RateCardSet, TimeEntry
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_work import CostEntryRow, RateCardRow, TimeEntryRow
from tests.support.machine import Machine, changes
from tests.support.tickets import HOUR, rows
from tests.support.work import at, made, one, told

RATE = 7_350


def worked(hours: float, minutes: int = 60, **fields: Any) -> TimeEntry:
    given = {"time_entry_id": "t1", "person_id": "ann", "minutes": minutes, "worked_at": at(1), "kind": "DELIVERY"}
    return made(TimeEntry, hours, **(given | fields))


def spent(hours: float, amount: int = 100, **fields: Any) -> CostEntry:
    given = {"cost_entry_id": "c1", "amount": amount, "currency": "EUR", "exponent": 2, "kind": "CONTRACTOR"}
    return made(CostEntry, hours, **(given | {"incurred_at": at(1)} | fields))


def card(hours: float, rate: int = RATE, **fields: Any) -> RateCardSet:
    given = {"account_id": "rate_card:person:ann", "hourly_rate": rate, "currency": "EUR", "exponent": 2}
    given |= {"valid_from": at(0)} | ({} if "role" in fields else {"person_id": "ann"})
    return made(RateCardSet, hours, **(given | fields))


def margin(machine: Machine) -> dict[str, float]:
    found: dict[str, int] = {}
    for row in changes(machine):
        if row.metric == "account_margin":
            found[row.item] = found.get(row.item, 0) + row.numerator_micros
    return {item: amount / 10**6 for item, amount in found.items() if amount}


def test_an_entry_that_comes_again_takes_the_place_of_the_first() -> None:
    """Timesheets are filled in again and again: adding up the events would count the same hours twice."""
    for order in permutations((worked(2), worked(3, 90, project_id="p1"), worked(4, 30, project_id="p1"))):
        machine = told(*order)
        assert one(machine, TimeEntryRow).minutes == 30
        assert margin(machine) == {"hours/DELIVERY/p1": 30 * 60}
    machine = told(spent(2), spent(3, -250, kind="PASS_THROUGH"))
    assert one(machine, CostEntryRow).amount_micros == -2_500_000
    assert margin(machine) == {"cost/PASS_THROUGH/EUR/": -2.5}


def test_an_entry_that_is_told_late_restates_the_month_of_its_work() -> None:
    """Hours belong to the day of the work, and whoever saw last month's margin is told what changed in it."""
    machine = told(worked(24 * 40))
    (row,) = changes(machine)
    assert (row.kind, row.window_at, row.new_value) == ("late", at(1), 1.0)


def test_a_retracted_entry_leaves_nothing_but_its_log() -> None:
    """What was booked by mistake must be gone from every sum."""
    entry = worked(2)
    machine = told(entry, worked(3, corrects_event_id=entry.event_id, is_retraction=True))
    assert rows(machine, TimeEntryRow) == []
    assert margin(machine) == {}


def test_no_row_of_the_log_says_who_worked_or_what_it_costs() -> None:
    """Everybody who reads figures reads the log of changes: pay must not follow from it."""
    machine = told(worked(2), card(3), card(4, 9_999), card(5, 8_888, valid_from=at(48)))
    for row in rows(machine, MetricChangeRow):
        text = repr(msgspec.structs.asdict(row))
        if row.metric == "account_margin":
            assert "ann" not in text
        for rate in (RATE, 9_999, 8_888):
            assert str(rate) not in text
            assert str(rate / 100) not in text
        assert row.metric != "rate_card" or (row.old_value, row.new_value) == (None, None)


def test_two_rates_that_are_alike_cannot_be_told_by_their_changes() -> None:
    """A mark of the content would let a reader try rates until one has the same mark."""
    items = [
        {row.item for row in rows(told(card(3, rate)), MetricChangeRow) if row.metric == "rate_card"}
        for rate in (RATE, 9_999)
    ]
    assert items[0] == items[1] != set()


def test_a_rate_is_of_a_person_or_of_a_role_and_from_a_moment_on() -> None:
    """The same moment set again replaces, another one adds: views read the newest that has begun."""
    machine = told(card(1), card(2, 8_000), card(3, 9_000, valid_from=at(48)), card(4, 5_000, role="maker"))
    found = [(row.subject, row.subject_id, row.valid_from, row.rate_micros) for row in rows(machine, RateCardRow)]
    assert found == [
        ("person", "ann", at(0), 80_000_000),
        ("person", "ann", at(48), 90_000_000),
        ("role", "maker", at(0), 50_000_000),
    ]


@pytest.mark.parametrize(
    ("event", "changed", "reason"),
    [
        pytest.param(worked(2), {"minutes": 0}, "invalid_field", id="no time"),
        pytest.param(worked(2), {"minutes": -60}, "invalid_field", id="time below zero"),
        pytest.param(worked(2), {"minutes": 1440}, None, id="a whole day"),
        pytest.param(worked(2), {"minutes": 1441}, "invalid_field", id="more than a day"),
        pytest.param(worked(2), {"worked_at": at(24 * 9)}, "occurred_in_future", id="work to come"),
        pytest.param(worked(2), {"worked_at": 1}, "occurred_too_early", id="work of 1970"),
        pytest.param(worked(2), {"role": ""}, "invalid_field", id="a role without a name"),
        pytest.param(worked(2), {"person_id": ""}, "invalid_field", id="nobody"),
        pytest.param(spent(2), {"amount": -5}, None, id="given back"),
        pytest.param(spent(2), {"amount": 10**18}, "invalid_field", id="out of range"),
        pytest.param(spent(2), {"exponent": 9}, "invalid_field", id="exponent nine"),
        pytest.param(spent(2), {"incurred_at": at(24 * 9)}, "occurred_in_future", id="a cost to come"),
        pytest.param(card(2), {"hourly_rate": 0}, "invalid_field", id="for nothing"),
        pytest.param(card(2), {"hourly_rate": -1}, "invalid_field", id="rate below zero"),
        pytest.param(card(2), {"role": "maker"}, "invalid_field", id="of a person and a role"),
        pytest.param(card(2), {"person_id": None}, "invalid_field", id="of nobody"),
        pytest.param(card(2), {"valid_to": at(0)}, "invalid_field", id="ends when it begins"),
        pytest.param(card(2), {"weekly_minutes": 10_081}, "invalid_field", id="a week of more than a week"),
        pytest.param(card(2), {"weekly_minutes": 0}, "invalid_field", id="a week of nothing"),
        pytest.param(
            card(2), {"person_id": None, "role": "maker", "weekly_minutes": 60}, "invalid_field", id="a role's week"
        ),
    ],
)
def test_what_cannot_be_is_refused_and_what_is_refused_quotes_no_rate(
    event: Event, changed: dict[str, Any], reason: str | None
) -> None:
    """A dead letter's reason is read by everybody; a rate card's bytes are in the dead-letter topic alone."""
    given = msgspec.structs.replace(event, **changed)
    found = check(given, given.account_id.encode(), at(2) + HOUR)
    assert (None if found is None else found[0]) == reason
    assert found is None or not isinstance(given, RateCardSet) or str(RATE) not in found[1]
