"""What events of contracts and onboardings must satisfy beyond their types: dates in order, amounts, codes."""

import msgspec
import pytest
from hypothesis import given

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.billing.money import MAX_MICROS
from streams.core.events import Event, PlannedMilestone
from streams.core.limits import EARLIEST, LATEST, Refusal
from tests.support.contracts import contract, day, decided
from tests.support.histories_success import success_histories
from tests.support.onboardings import paused, planned, reached, resumed

CONTRACT = contract(0)
DECIDED = decided(0, "RENEWED", 100_00)
PLANNED = planned()
REACHED = reached(0)
PAUSED = paused(0)
RESUMED = resumed(0)


def refusal(event: Event, **over: object) -> Refusal | None:
    return check(msgspec.structs.replace(event, **over), b"acme", day(0))


@given(success_histories())
def test_the_histories_that_the_laws_run_over_are_taken_in(recorded_events: list[RecordedEvent]) -> None:
    """A law over events that could never arrive would promise nothing."""
    for recorded in recorded_events:
        assert check(recorded.event, b"acme", recorded.ingested_at) is None


@pytest.mark.parametrize(
    ("event", "change", "says"),
    [
        (CONTRACT, {"ends_at": day(-1)}, "ends_at must be after starts_at"),
        (CONTRACT, {"ends_at": day(0)}, "ends_at must be after starts_at"),
        (CONTRACT, {"renewal_at": day(-1)}, "renewal_at must be after starts_at"),
        (CONTRACT, {"starts_at": EARLIEST - 1}, "starts_at is before the year 2000"),
        (CONTRACT, {"ends_at": LATEST + 1}, "ends_at is after the year 2200"),
        (CONTRACT, {"ends_at": None}, "a fixed term has ends_at"),
        (CONTRACT, {"term_kind": "MONTHLY", "renewal_at": day(9)}, "renewal_at is of a fixed term"),
        (CONTRACT, {"notice_days": 101}, "notice_days is longer than the term"),
        (CONTRACT, {"renewal_at": day(50), "notice_days": 51}, "notice_days is longer than the term"),
        (CONTRACT, {"notice_days": -1}, "notice_days must be 0 to 36500"),
        (CONTRACT, {"annual_value": -1}, "annual_value is negative"),
        (CONTRACT, {"annual_value": MAX_MICROS}, "annual_value is out of range"),
        (CONTRACT, {"currency": "usd"}, "is no ISO 4217 code"),
        (CONTRACT, {"exponent": 7}, "exponent must be 0 to 6"),
        (CONTRACT, {"products": ("a", "a")}, "products name 'a' twice"),
        (CONTRACT, {"products": ("",)}, "products must be 1 to 256 printable characters"),
        (DECIDED, {"amount": -1}, "amount is negative"),
        (DECIDED, {"outcome": "LOST"}, "amount must be 0 where the renewal is lost"),
        (DECIDED, {"decided_at": day(2)}, "decided_at is more than a day after"),
        (DECIDED, {"decided_at": EARLIEST - 1}, "decided_at is before the year 2000"),
        (DECIDED, {"successor_id": "k1"}, "successor_id is the contract itself"),
        (DECIDED, {"currency": "US"}, "is no ISO 4217 code"),
        (PLANNED, {"starts_at": day(11)}, "milestone 'kickoff' is planned before the start"),
        (PLANNED, {"starts_at": EARLIEST - 1}, "starts_at is before the year 2000"),
        (PLANNED, {"milestones": PLANNED.milestones * 2}, "milestones name 'kickoff' twice"),
        (PLANNED, {"milestones": (PlannedMilestone(milestone_code=""),)}, "milestone_code must be 1 to 256"),
        (PLANNED, {"product": "a\u202eb"}, "product must be printable"),
        (REACHED, {"milestone_code": ""}, "milestone_code must be 1 to 256"),
        (REACHED, {"reached_at": day(2)}, "reached_at is more than a day after"),
        (REACHED, {"reached_at": EARLIEST - 1}, "reached_at is before the year 2000"),
        (REACHED, {"planned_at": LATEST + 1}, "planned_at is after the year 2200"),
        (PAUSED, {"effective_at": day(2)}, "effective_at is more than a day after"),
        (RESUMED, {"effective_at": EARLIEST - 1}, "effective_at is before the year 2000"),
    ],
)
def test_what_contradicts_itself_is_refused(event: Event, change: dict[str, object], says: str) -> None:
    """One event alone shows that it is wrong: no other event could make a figure out of it."""
    assert refusal(event) is None
    found = refusal(event, **change)
    assert found is not None
    assert says in found[1]


def test_what_only_other_events_could_show_to_be_wrong_is_taken_in() -> None:
    """Refusing these would make figures depend on which event came first."""
    assert refusal(CONTRACT, notice_days=100) is None
    assert refusal(CONTRACT, renewal_at=day(110)) is None
    assert refusal(CONTRACT, annual_value=0) is None
    assert refusal(DECIDED, outcome="UPSOLD", amount=0) is None
    assert refusal(REACHED, reached_at=day(-400)) is None
