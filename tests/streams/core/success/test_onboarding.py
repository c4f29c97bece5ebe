"""What becomes of an onboarding: milestones in time and late, pauses, plans anew, the first 90 days."""

from typing import Any

import pytest

from streams.core.rows_onboarding import OnboardingRow
from tests.support.contracts import DAY, day, told
from tests.support.onboardings import milestones_of, onboarding_of, paused, planned, reached, resumed


def row(*events: Any, until: float = 1_000) -> OnboardingRow:
    return onboarding_of(told(*events, until=until))


def test_time_to_value_runs_from_the_start_to_the_first_value() -> None:
    """Completion is not value: both are kept."""
    found = row(planned(), reached(20), until=20)
    assert (found.first_value_at, found.first_value_us, found.within_90_days) == (day(20), 20 * DAY, "met")
    assert (found.state, found.completed_at, found.milestones, found.reached) == ("stalled", None, 2, 1)
    found = row(planned(), reached(20), reached(25, "kickoff"))
    assert (found.state, found.completed_at, found.late) == ("completed", day(25), 1)


def test_an_event_can_say_itself_that_it_is_the_first_value() -> None:
    """Not every source has a plan that says which milestone brings value; the earliest of several counts."""
    found = row(planned(), reached(15, "pilot", is_first_value=True), reached(20))
    assert (found.first_value_at, found.reached) == (day(15), 1)


@pytest.mark.parametrize(("until", "state"), [(9, "running"), (10, "stalled")])
def test_what_is_past_its_planned_date_is_stalled(until: float, state: str) -> None:
    """Stalled onboardings are found on the day, not when somebody asks."""
    machine = told(planned(), until=until)
    assert onboarding_of(machine).state == state
    assert onboarding_of(machine).stalled_at == (day(10) if state == "stalled" else None)
    assert milestones_of(machine)["kickoff"].state == ("stalled" if state == "stalled" else "planned")


def test_a_late_milestone_ends_the_stall_and_stays_late() -> None:
    """Planned against reached: a date that was missed must show after the milestone came."""
    machine = told(planned(), reached(12, "kickoff"), until=13)
    assert (onboarding_of(machine).state, onboarding_of(machine).late) == ("running", 1)
    assert milestones_of(machine)["kickoff"].state == "late"


def test_late_word_of_a_milestone_undoes_what_time_showed() -> None:
    """It was reached in time and told late: nothing was ever stalled."""
    machine = told(planned(), reached(12, "kickoff", reached_at=day(9)), until=13)
    assert (onboarding_of(machine).state, milestones_of(machine)["kickoff"].state) == ("running", "reached")


def test_a_plan_anew_keeps_the_first_dates() -> None:
    """Else whoever moves the date is never late."""
    later = planned(5)
    machine = told(planned(), planned(5, milestones=later.milestones[:1]), until=6)
    assert set(milestones_of(machine)) == {"kickoff"}
    moved = planned(5, milestones=(type(later.milestones[0])(milestone_code="kickoff", planned_at=day(20)),))
    kickoff = milestones_of(told(planned(), moved, until=15))["kickoff"]
    assert (kickoff.first_planned_at, kickoff.planned_at, kickoff.state) == (day(10), day(20), "planned")


def test_a_pause_stops_the_clock() -> None:
    """The customer asked to wait: neither time to value nor the dates run on, from the event on and until the other."""
    found = row(planned(), reached(5, "kickoff"), paused(10), resumed(25), reached(40))
    assert (found.first_value_us, found.paused_us, found.late) == (25 * DAY, 15 * DAY, 0)
    assert found.marker_at == day(105)


def test_nothing_falls_due_while_it_rests() -> None:
    """A stalled onboarding is one that somebody should push, not one that waits as agreed."""
    machine = told(planned(), reached(5, "kickoff"), paused(10), until=200)
    found = onboarding_of(machine)
    assert (found.state, found.paused_since, found.stalled_at, found.marker_at) == ("paused", day(10), None, None)
    assert (found.within_90_days, machine.signals) == ("open", [])
    assert row(planned(), reached(5, "kickoff"), paused(10), resumed(25), until=44).state == "running"
    assert row(planned(), reached(5, "kickoff"), paused(10), resumed(25), until=45).state == "stalled"


def test_a_milestone_reached_in_a_pause_is_not_late() -> None:
    """Its date did not run while the clock rested."""
    machine = told(planned(), reached(5, "kickoff"), paused(10), reached(35), resumed(50))
    assert (onboarding_of(machine).late, onboarding_of(machine).first_value_us) == (0, 10 * DAY)


@pytest.mark.parametrize(("until", "within"), [(89, "open"), (90, "missed")])
def test_ninety_days_without_a_first_value_are_missed(until: float, within: str) -> None:
    """The marker that the books name; value that comes later does not undo it."""
    assert row(planned(), until=until).within_90_days == within
    assert row(planned(), reached(95)).within_90_days == "missed"


def test_a_milestone_before_the_start_is_flagged() -> None:
    """Value in a trial is real and counts as none of the clock's time; a wrong date looks the same."""
    found = row(planned(starts=10), reached(5))
    assert (found.first_value_us, found.flags) == (0, ("reached_before_start",))


def test_what_has_no_plan_waits_for_it() -> None:
    """Without a start there is no time to value; once the plan comes, it is as if it had come first."""
    alone = row(reached(20), until=20)
    assert (alone.state, alone.first_value_us, alone.flags) == ("incomplete", None, ("not_planned",))
    assert row(reached(20), planned(30)).first_value_us == 20 * DAY


@pytest.mark.parametrize(
    ("events", "flag"),
    [
        ((planned(), resumed(5)), "resumed_without_pause"),
        ((planned(), paused(5), paused(6)), "paused_again"),
        ((planned(starts=10), paused(5)), "paused_before_start"),
        ((planned(), reached(5), reached(6)), "reached_again"),
        ((planned(milestones=()),), "no_milestones"),
    ],
)
def test_what_is_odd_is_flagged(events: Any, flag: str) -> None:
    """Each of them is a mistake of one source or another; none changes what the others say."""
    assert row(*events).flags == (flag,)


def test_a_pause_before_the_start_rests_from_the_start() -> None:
    """Before it no clock runs that could rest."""
    assert row(planned(starts=10), paused(5), resumed(15), reached(20)).first_value_us == 5 * DAY


@pytest.mark.parametrize(
    ("given", "signals"),
    [
        (
            [planned()],
            [("onboarding_stalled", 10), ("onboarding_stalled", 30), ("onboarding_without_value", 90)],
        ),
        ([planned(), reached(5, "kickoff"), reached(20)], []),
        ([planned(is_test=True)], []),
        ([planned(200)], []),
    ],
    ids=["nothing comes", "all in time", "test data", "planned when it was past"],
)
def test_a_signal_is_raised_for_what_was_missed(given: Any, signals: list[tuple[str, int]]) -> None:
    """Somebody should push while it is news, and nobody is called about the distant past."""
    assert [(signal.kind, (signal.at - day(0)) // DAY) for signal in told(*given).signals] == signals
