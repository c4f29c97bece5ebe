"""When a worker stands still: never too early, never for what others cause, always in the end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.live.engine.stats import EngineStats
from streams.live.worker.stall_detection import Limits, Sight, Verdict, Waiting, judge, still_waiting
from streams.live.worker.watchdog import Watchdog

SECOND = 1_000_000
NOW = 1_000_000 * SECOND
LIMITS = Limits()
AGES = st.integers(0, 1000)
STATES = st.sampled_from(["starting", "restoring", "running", "waiting for the sink"])


def ago(seconds: float) -> int:
    return NOW - int(seconds * SECOND)


def live(**changes: object) -> EngineStats:
    """Figures of an engine that runs and turns."""
    return msgspec.structs.replace(EngineStats(state="running", started_at=ago(5000), beat_at=NOW), **changes)


def sight(**changes: object) -> Sight:
    return msgspec.structs.replace(Sight(since=ago(5000), turned_at=NOW), **changes)


@given(state=STATES, ages=st.tuples(AGES, AGES, AGES, AGES, AGES), since=st.integers(0, 60))
def test_nothing_counts_before_watching_began(state: str, ages: tuple[int, int, int, int, int], since: int) -> None:
    """A process that was frozen, or whose clock was set, sees old times: it must be given its chance."""
    beat, moved, wait, turned, inserted = ages
    stats = live(state=state, beat_at=ago(beat), restore_moved_at=ago(moved), insert_ended_at=ago(inserted))
    waiting = {"t-0": Waiting(5, ago(wait))}
    assert judge(stats, sight(since=ago(since), turned_at=ago(turned), waiting=waiting), LIMITS, NOW).stop == ""


@given(state=STATES, held=AGES, wait=AGES)
def test_waiting_for_the_sink_never_ends_a_worker(state: str, held: int, wait: int) -> None:
    """A restart would wait for the same ClickHouse; the wait is reported, and only after its time."""
    stats = live(state=state, inserting_since=ago(held), restore_moved_at=NOW)
    found = judge(stats, sight(waiting={"t-0": Waiting(5, ago(wait))}), LIMITS, NOW)
    assert found == Verdict("", float(held) if held > LIMITS.insert else 0.0)


@given(moved=st.integers(0, 60), wait=AGES)
def test_a_restore_with_progress_never_ends_a_worker(moved: int, wait: int) -> None:
    """Restoring a large state takes minutes in which nothing is committed and the lag grows."""
    stats = live(state="restoring", restore_moved_at=ago(moved))
    assert judge(stats, sight(waiting={"t-0": Waiting(5, ago(wait))}), LIMITS, NOW).stop == ""


@given(waits=st.dictionaries(st.sampled_from(["t-0", "t-1", "u-0"]), AGES), ready=AGES, inserted=AGES)
def test_records_that_wait_end_a_worker_exactly_when_one_has_waited_too_long(
    waits: dict[str, int], ready: int, inserted: int
) -> None:
    """Each partition for itself: one that stands still is not hidden by others that move."""
    stats = live(ready_at=ago(ready), insert_ended_at=ago(inserted))
    found = judge(stats, sight(waiting={n: Waiting(7, ago(s)) for n, s in waits.items()}), LIMITS, NOW)
    longest = min(max(waits.values(), default=0), ready, inserted)
    assert bool(found.stop) == (longest > LIMITS.stall)


@pytest.mark.parametrize(
    ("stats", "seen", "reason"),
    [
        (live(beat_at=ago(61)), sight(), "the engine has not turned for 61 s"),
        (live(beat_at=ago(121), state="starting"), sight(), "the engine has not turned for 121 s"),
        (live(state="restoring", restore_moved_at=ago(121)), sight(), "restoring has not got further for 121 s"),
        (live(), sight(turned_at=ago(61)), "the event loop has not turned for 61 s"),
        (live(), sight(stopping_at=ago(21)), "stopping has taken 21 s"),
        (live(inserting_since=ago(301), beat_at=ago(301)), sight(), "the engine has not turned for 301 s"),
        (live(), sight(waiting={"cx.survey-3": Waiting(5, ago(61))}), "records wait at cx.survey-3, offset 5"),
    ],
)
def test_what_stands_still_is_named(stats: EngineStats, seen: Sight, reason: str) -> None:
    """The reason is the one line that whoever is woken reads."""
    assert reason in judge(stats, seen, LIMITS, NOW).stop


@pytest.mark.parametrize(
    ("stats", "seen"),
    [
        (live(beat_at=ago(59)), sight()),
        (live(beat_at=ago(119), state="starting"), sight()),
        (live(), sight(turned_at=ago(59))),
        (live(beat_at=ago(500)), sight(turned_at=ago(500), stopping_at=ago(19))),
        (live(inserting_since=ago(299), beat_at=ago(299)), sight()),
    ],
)
def test_what_is_only_slow_goes_on(stats: EngineStats, seen: Sight) -> None:
    """A worker ended too early is an outage of our own making."""
    assert judge(stats, seen, LIMITS, NOW).stop == ""


MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20)


@given(moves=MOVES)
def test_a_wait_is_as_long_as_the_position_stood_before_an_end(moves: list[tuple[int, int]]) -> None:
    """Counted from the whole story: since when has the position been where it is, with something to read."""
    seen: dict[str, Waiting] = {}
    position = end = 0
    story: list[tuple[int, int]] = []
    for now, (taken, added) in enumerate(moves):
        end += added
        position = min(end, position + taken)
        story.append((position, end))
        seen = still_waiting(seen, {"t-0": position}, {"t-0": end}, now)
        stood = [at for at, (p, e) in enumerate(story) if p != position or p >= e]
        expected = max(stood, default=-1) + 1
        assert seen == ({"t-0": Waiting(position, expected)} if position < end else {})


class Known:
    """Ends that a test sets."""

    def __init__(self, **ends: int) -> None:
        self.ends: dict[str, int] | None = {name.replace("_", "-"): end for name, end in ends.items()}

    def look(self, names: list[str]) -> dict[str, int] | None:
        return None if self.ends is None else {name: self.ends[name] for name in names}


def _watched(stats: EngineStats, ends: Known, start: int, seconds: int, *, step: int = 1) -> str:
    """Look every `step` seconds; return the first reason to stop."""
    dog = Watchdog(stats=stats, ends=ends, limits=LIMITS, clock=lambda: NOW, end=lambda _: None)
    for second in range(start, start + seconds, step):
        stats.beat_at = now = NOW + second * SECOND
        if reason := dog.look(now).stop:
            return reason
    return ""


def test_a_consumer_that_silently_fetches_no_more_is_noticed() -> None:
    """The broker says that records wait, the engine turns and sees none: its own lag would say 0 for ever."""
    stats = live(positions={"t-0": 5}, lag_records={"t-0": 0})
    assert "records wait at t-0, offset 5" in _watched(stats, Known(t_0=9), 0, 90)
    assert _watched(live(positions={"t-0": 9}), Known(t_0=9), 0, 90) == ""


def test_a_broker_that_is_away_is_no_stall_of_the_worker() -> None:
    """Nobody can tell what waits then, and starting again would not bring the broker back."""
    away = Known()
    away.ends = None
    assert _watched(live(positions={"t-0": 5}), away, 0, 300) == ""


def test_looks_far_apart_are_no_evidence() -> None:
    """A laptop that slept, a process that was stopped: between two looks anything may have happened."""
    assert _watched(live(positions={"t-0": 5}), Known(t_0=9), 0, 3000, step=20) == ""


@pytest.mark.parametrize(
    ("stats", "reason"),
    [
        (live(positions={"t-0": 5}, ready_at=NOW), "records wait at t-0"),
        (live(positions={"t-0": 5}, insert_ended_at=NOW), "records wait at t-0"),
        (live(beat_at=NOW), "the engine has not turned"),
    ],
    ids=["ready", "inserted", "beat"],
)
def test_what_was_noted_before_a_clock_was_set_back_silences_nothing(stats: EngineStats, reason: str) -> None:
    """A moment of tomorrow would count as now for a whole day, and a worker that stands would stand as long."""
    dog = Watchdog(stats=stats, ends=Known(t_0=9), limits=LIMITS, clock=lambda: NOW, end=lambda _: None)
    for second in (0, *range(-86_400, -86_400 + 70)):
        now = NOW + second * SECOND
        if "turned" not in reason:
            stats.beat_at = now
        found = dog.look(now).stop
    assert reason in found


def test_a_clock_set_back_begins_anew() -> None:
    """Otherwise a wait would begin in the future, and never be too long."""
    stats = live(positions={"t-0": 5})
    dog = Watchdog(stats=stats, ends=Known(t_0=9), limits=LIMITS, clock=lambda: NOW, end=lambda _: None)
    for second in (0, *range(-86_400, -86_400 + 70)):
        stats.beat_at = now = NOW + second * SECOND
        reason = dog.look(now).stop
    assert "records wait" in reason
