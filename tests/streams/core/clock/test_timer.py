"""The clock against a target: service levels and follow-ups both stand on it."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.clock.timer import Target, Timer
from streams.core.clock.worktime import Calendar, Version
from streams.core.limits import NEVER

OPEN = Calendar([Version(0, "UTC", (((100, 200), (300, 400)),) * 7)])
"""Open from 100 to 200 and from 300 to 400 microseconds after midnight."""
HOURS = {"office": OPEN}


class Act(NamedTuple):
    kind: str
    at: int
    target: int | None = None
    business: bool = False


CHANGES = st.lists(
    st.builds(
        Act,
        st.sampled_from(["pause", "resume", "resume", "retarget", "retarget"]),
        st.integers(0, 400),
        st.none() | st.integers(1, 250),
        st.booleans(),
    ),
    max_size=10,
)
ENDS = st.lists(st.builds(Act, st.just("end"), st.integers(200, 600)), max_size=1)
ACTS = st.tuples(CHANGES, ENDS).map(lambda drawn: sorted((*drawn[0], *drawn[1]), key=lambda act: act.at))
OFTEN = settings(max_examples=500)


def is_open(moment: int) -> bool:
    return 100 <= moment < 200 or 300 <= moment < 400


def told(target: int | None, business: bool) -> Target | None:
    return None if target is None else Target(target, "office" if business else "")


def driven(first: Act, acts: list[Act], now: int) -> Timer:
    timer = Timer(first.at, told(first.target, first.business), HOURS)
    for act in acts:
        match act.kind:
            case "pause":
                timer.pause(act.at)
            case "resume":
                timer.resume(act.at)
            case "retarget":
                timer.retarget(act.at, told(act.target, act.business))
            case _:
                timer.end(act.at)
    timer.pass_to(now)
    return timer


def walked(first: Act, acts: list[Act], now: int) -> int | None:
    """When the clock runs out, found by stepping from moment to moment and counting anew at each."""
    target, business, running, ran = first.target, first.business, True, list[int]()
    for moment in range(first.at, now + 1):
        for act in (each for each in acts if each.at == moment):
            match act.kind:
                case "pause":
                    running = False
                case "resume":
                    running = True
                case "retarget":
                    target, business = act.target, act.business
                case _:
                    return None
        spent = sum(1 for each in ran if not business or is_open(each))
        if running and target is not None and spent >= target:
            return moment
        if running:
            ran.append(moment)
    return None


@OFTEN
@given(st.integers(0, 100), st.none() | st.integers(1, 300), st.booleans(), ACTS, st.integers(0, 800))
def test_a_clock_runs_out_when_stepping_through_time_finds_that_it_does(
    start: int, target: int | None, business: bool, acts: list[Act], now: int
) -> None:
    """Pauses, resumes, other targets and other hours in any order; what comes at the last moment is in time."""
    acts = [act for act in acts if act.at >= start]
    first = Act("start", start, target, business)
    until = max([now, *(act.at for act in acts)])
    assert driven(first, acts, until).breached_at == walked(first, acts, until)


@given(st.integers(0, 100), st.integers(1, 300), st.booleans(), ACTS, st.lists(st.integers(0, 800), max_size=5))
def test_when_a_clock_is_looked_at_changes_nothing(
    start: int, target: int, business: bool, acts: list[Act], looks: list[int]
) -> None:
    """Live, time passes in many ticks; in replay in one. Both must find the same breach."""
    acts = [act for act in acts if act.at >= start]
    first = Act("start", start, target, business)
    calm = driven(first, acts, 800)
    looked = driven(first, acts, 0)
    for now in sorted(looks):
        looked.pass_to(now)
    looked.pass_to(800)
    assert (looked.breached_at, looked.due_at, looked.spent(800)) == (calm.breached_at, calm.due_at, calm.spent(800))


def test_a_pause_takes_time_out_and_a_due_time_is_known_only_while_it_runs() -> None:
    """On-call watches due times: one that a pending ticket would overrun must not stand there."""
    timer = Timer(0, Target(100))
    assert timer.due_at == 100
    timer.pause(60)
    assert timer.due_at == NEVER
    timer.resume(500)
    assert timer.due_at == 540
    assert timer.left_at(25) == 515
    assert timer.spent(510) == 70


def test_what_comes_at_the_last_moment_comes_in_time() -> None:
    """An answer, a pause or another target at the due time itself; one microsecond later it is a breach."""
    for act in ("end", "pause"):
        kept, missed = Timer(0, Target(100)), Timer(0, Target(100))
        getattr(kept, act)(100)
        getattr(missed, act)(101)
        assert (kept.breached_at, missed.breached_at) == (None, 100)
    changed = Timer(0, Target(100))
    changed.retarget(100, Target(101))
    assert changed.breached_at is None


def test_a_shorter_target_is_not_missed_before_it_was_set() -> None:
    """A priority raised late must not date a breach into a time at which nobody could have known."""
    timer = Timer(0, Target(1_000))
    timer.retarget(500, Target(200))
    timer.pass_to(10_000)
    assert timer.breached_at == 500


def test_a_breach_remains_when_the_target_is_relaxed() -> None:
    """Otherwise lowering a priority would be the way to keep every promise."""
    timer = Timer(0, Target(100))
    timer.retarget(150, Target(10_000))
    timer.end(200)
    assert timer.breached_at == 100


def test_a_target_by_hours_counts_what_was_spent_within_them() -> None:
    """From calendar to business time: the same clock, measured anew from its start."""
    timer = Timer(0, Target(1_000), HOURS)
    timer.retarget(350, Target(160, "office"))
    assert timer.due_at == 360


def test_an_ended_clock_says_when_it_would_have_run_out() -> None:
    """Breach rates stand under the day of the deadline, for targets that were kept and paused clocks, too."""
    running, paused = Timer(0, Target(100)), Timer(0, Target(100))
    running.end(30)
    paused.pause(30)
    paused.end(80)
    assert (running.due_at, paused.due_at) == (100, 150)
    assert (running.spent(1_000), paused.spent(1_000)) == (30, 30)
