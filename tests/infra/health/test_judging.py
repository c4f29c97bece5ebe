"""What a look means, without any server: one thing wrong is one check failed, and the others stay as they were."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.status import document, failed
from infra.health.judging import Tolerance, judge
from infra.health.model import (
    Broker,
    DeadLetters,
    Disk,
    Look,
    OpenTransaction,
    Place,
    ReplayState,
    Tables,
    Taking,
    Waiting,
    Worker,
)
from infra.health.text import duration, size
from infra.health.workforce import SKEW_S

NOW = 1_000_000.0
GIB = 1 << 30
BROKER = Broker(
    version="4.3",
    places=[Place("cx.survey", 0, 10, 10, 0), Place("cx.survey", 1, 8, 8, 0)],
    rate=0.0,
    last_commit_at=NOW - 5,
    members=["127.0.0.1"],
    transactions=[],
)
TABLES = Tables(
    version="26.9",
    generation="cx_g1",
    dead_letters=DeadLetters(3, 3, 1000, 0, 100),
    broken={},
    disks=[Disk("default", "/var/lib/clickhouse", 80 * GIB, 100 * GIB)],
    replays=[],
)
WORKER = Worker(name="worker 1", url="http://127.0.0.1:6066", healthy=True, state="running")
GONE = Worker(name="worker 2", url="", ended=3, reason="it was killed (SIGKILL)")
AT_LIMIT = "dead-letter limit: 1000 bad records in a row"
WELL = Look(
    at=NOW,
    version="0.1.0",
    kafka="k:9092",
    clickhouse="c:9000",
    broker=BROKER,
    tables=TABLES,
    workers=[WORKER],
    wanted=1,
    watched=True,
    paused=False,
    data_disk=Disk("data directory", "/var/lib/cx", 80 * GIB, 100 * GIB),
    down={},
)


def _with(value: msgspec.Struct, **changes: object) -> msgspec.Struct:
    return msgspec.structs.replace(value, **changes)


def _look(part: str, **changes: object) -> Look:
    found = msgspec.structs.replace(WELL, **{part: _with(getattr(WELL, part), **changes)})
    assert isinstance(found, Look)
    return found


LATE = [Place("cx.survey", 0, 10, 10, 0), Place("cx.survey", 1, 9, 8, 1, seconds=301.0)]
WRONG = [
    (_look("broker", members=[]), "workers", "lag-grows.md"),
    (_look("broker", places=LATE), "lag", "lag-grows.md"),
    (_look("broker", transactions=[OpenTransaction("t", 0, "billing", 7, 31.0)]), "transactions", "lag-grows.md"),
    (_look("broker", layout=["cx.survey has 8 partitions instead of 4"]), "partitions", "rebuild-everything.md"),
    (_look("tables", generation=None), "generation", "bad-deploy.md"),
    (_look("tables", dead_letters=DeadLetters(11, 11, 1000, 0, 1)), "dead letters", "poison-flood.md"),
    (_look("tables", dead_letters=DeadLetters(99, 0, 1000, 10, 50)), "dead letters", "poison-flood.md"),
    (_look("tables", dead_letters=DeadLetters(99, 99, 1000, 10, None)), "dead letters", "poison-flood.md"),
    (_look("tables", dead_letters=DeadLetters(99, 99, 999, 0, 1, told_apart=False)), "dead letters", "poison-flood.md"),
    (_look("tables", broken={"nps_is_the_answer_given": 2}), "invariants", "wrong-numbers.md"),
    (_look("tables", disks=[Disk("default", "/d", 4 * GIB, 100 * GIB)]), "disk default", "disk-full.md"),
    (_look("data_disk", free=GIB - 1, total=2 * GIB), "disk data directory", "disk-full.md"),
    (_with(WELL, workers=[_with(WORKER, state="insert stalled")]), "worker 1", "clickhouse-down.md"),
    (_with(WELL, workers=[_with(WORKER, healthy=False, state="stopped")]), "worker 1", "lag-grows.md"),
    (_with(WELL, workers=[_with(WORKER, trouble="refused")]), "worker 1", "lag-grows.md"),
    (_with(WELL, workers=[_with(WORKER, ended=4, reason="boom")]), "worker 1", "bad-deploy.md"),
    (_with(WELL, workers=[_with(WORKER, ended=4, reason="boom", trouble="refused")]), "worker 1", "lag-grows.md"),
    (
        _with(WELL, workers=[_with(WORKER, ended=4, reason="boom", healthy=False, state="starting")]),
        "worker 1",
        "bad-deploy.md",
    ),
    (_with(WELL, wanted=2), "workers", "lag-grows.md"),
    (_with(WELL, wanted=2, workers=[WORKER, _with(GONE, again_at=NOW + 4)]), "worker 2", "lag-grows.md"),
    (_with(WELL, wanted=2, workers=[WORKER, GONE]), "worker 2", "lag-grows.md"),
    (_with(WELL, wanted=2, watched=False, workers=[WORKER, GONE]), "worker 2", "lag-grows.md"),
    (_with(WELL, wanted=2, workers=[WORKER, _with(GONE, over=True)]), "worker 2", "bad-deploy.md"),
    (_with(WELL, wanted=2, workers=[WORKER, _with(GONE, over=True, reason=AT_LIMIT)]), "worker 2", "poison-flood.md"),
    (_with(WELL, broker=None, down={"Kafka": "no route"}), "kafka", "broker-down.md"),
    (_with(WELL, tables=None, down={"ClickHouse": "no route"}), "clickhouse", "clickhouse-down.md"),
    (_with(WELL, webhooks=[Taking("cx receive", False, "port taken", "/d/receive.log")]), "cx receive", "lag-grows.md"),
]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Waiting(0, 0), "every account of an event is known"),
        (Waiting(1, 1200), "1,200 events of 1 unknown account, see cx.unresolved"),
        (None, "events of unknown accounts could not be counted in time"),
    ],
)
def test_events_of_unknown_accounts_are_counted_and_wake_nobody(found: Waiting | None, said: str) -> None:
    """They count under their own key meanwhile; whoever links accounts has to see how many wait."""
    checks = judge(_look("tables", unresolved=found), Tolerance())
    assert [(check.said, check.verdict) for check in checks if check.name == "unknown accounts"] == [(said, "ok")]


@pytest.mark.parametrize(("look", "name", "runbook"), WRONG)
def test_one_thing_wrong_is_one_check_failed(look: Look, name: str, runbook: str) -> None:
    """Whoever is woken gets one cause, one remedy and one runbook, not a page of consequences."""
    found = [check for check in judge(look) if check.verdict == "fail"]
    assert [(check.name, check.runbook) for check in found] == [(name, runbook)]
    assert found[0].remedy
    assert "\n" not in found[0].said
    assert not document(look, judge(look))["healthy"]


def test_a_deployment_that_is_well_passes_every_check() -> None:
    """A monitor that cries wolf is switched off."""
    checks = judge(WELL)
    assert {check.verdict for check in checks} == {"ok"}
    assert len({check.name for check in checks}) == len(checks) >= 9


@pytest.mark.parametrize(
    "look",
    [
        _with(WELL, paused=True, broker=_with(BROKER, members=[], places=LATE)),
        _with(WELL, workers=[_with(WORKER, state="restoring", restore_remaining=5)]),
        _with(WELL, workers=[_with(WORKER, ended=2, reason="partitions lost")]),
        _with(WELL, workers=[_with(WORKER, ended=3, reason="boom", healthy=False, state="starting")]),
        _with(WELL, watched=False),
        _with(WELL, wanted=2, workers=[WORKER, _with(WORKER, name="worker 2", healthy=False, state="starting")]),
        _with(WELL, broker=_with(BROKER, members=[]), workers=[_with(WORKER, healthy=False, state="starting")]),
        _with(WELL, wanted=2, paused=True, workers=[GONE]),
        _with(WELL, workers=[_with(WORKER, clock_ahead=86_400.0)]),
        _look("tables", replays=[ReplayState("cx_g2", "rebuild", "ann@host", 5, 9, alive=False)]),
        _look("tables", replays=[ReplayState("cx_g2", "rebuild", "ann@host", 5, 9, alive=True)]),
        _look("tables", dead_letters=DeadLetters(9, 9, 10, 9, 10)),
        _look("tables", dead_letters=DeadLetters(99, 9, 1000, 99, None)),
        _look("tables", dead_letters=DeadLetters(99, 9, 1000, 9, 10, told_apart=False)),
        _look("tables", broken=None),
        _look("data_disk", free=14 * GIB),
    ],
)
def test_what_passes_by_itself_wakes_nobody(look: Look) -> None:
    """A promotion, a restore, a replay, a handful of bad records: said, and no reason for exit status 1."""
    assert not failed(judge(look))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "worker 2 does not run, it is about to be started again; it was killed (SIGKILL)"),
        (
            {"again_at": NOW + 4},
            "worker 2 ended (3 times of late): it was killed (SIGKILL); it is started again in 4 s",
        ),
        ({"over": True}, "worker 2 does not run and is not started again: it was killed (SIGKILL)"),
    ],
)
def test_a_worker_that_is_gone_is_named_with_the_last_reason_it_gave(changes: dict[str, object], said: str) -> None:
    """`status` used to say that nothing is wrong after one of two workers was killed."""
    look = _with(WELL, wanted=2, workers=[WORKER, _with(GONE, **changes)])
    assert isinstance(look, Look)
    assert said in [check.said for check in judge(look)]


@pytest.mark.parametrize("changes", [{}, {"trouble": "refused"}, {"healthy": False, "state": "starting"}])
def test_why_a_worker_ended_stays_to_be_read_while_it_runs_again(changes: dict[str, object]) -> None:
    """One that falls over every few seconds is met while it starts as often as not."""
    look = _with(WELL, workers=[_with(WORKER, ended=1, reason="ValueError: boom", **changes)])
    assert isinstance(look, Look)
    (said,) = [check.said for check in judge(look) if check.name == "worker 1"]
    assert said.endswith("it ended once of late, the last time because of this: ValueError: boom")


@pytest.mark.parametrize(("told_apart", "counted"), [(True, "open dead letters"), (False, "discarded ones included")])
def test_a_count_of_letters_says_what_it_counts(told_apart: bool, counted: str) -> None:
    """Whoever has just redriven a thousand letters must not take an upper bound for what is left."""
    look = _look("tables", dead_letters=DeadLetters(7, 3, 1000, 0, 100, told_apart=told_apart))
    (said,) = [check.said for check in judge(look) if check.name == "dead letters"]
    assert said.startswith("3 of the last 1,000 records, 0 of 100 in the last hour, 7 in all")
    assert counted in said


@given(seconds=st.floats(-1e6, 1e6))
def test_a_workers_clock_is_mentioned_exactly_when_it_is_off(seconds: float) -> None:
    """Nothing is lost by it, but a receiver refuses signatures of another day, and logs cannot be compared."""
    checks = judge(_with(WELL, workers=[_with(WORKER, clock_ahead=seconds)]))
    said = [check.said for check in checks if check.name == "clock of worker 1"]
    assert bool(said) == (abs(seconds) > SKEW_S)
    assert all(("ahead of" if seconds > 0 else "behind") in each for each in said)


@given(seconds=st.floats(0, 1e6), limit=st.floats(0, 1e6))
def test_lag_is_wrong_exactly_beyond_the_limit(seconds: float, limit: float) -> None:
    """`--max-lag` is what a monitor sets, and an age of records is what customers notice."""
    look = _look("broker", places=[Place("t", 0, 9, 3, 6, seconds=seconds)])
    assert failed(judge(look, Tolerance(lag_seconds=limit))) == (seconds > limit)


def test_every_runbook_that_a_check_may_name_has_one_of_the_known_names() -> None:
    """A misspelt name would be found at three in the morning."""
    known = {"lag-grows", "clickhouse-down", "broker-down", "poison-flood", "wrong-numbers", "bad-deploy"}
    known |= {"schema-order", "disk-full", "rebuild-everything"}
    folder = Path(__file__).parents[3] / "infra" / "health"
    named = {word for path in folder.glob("*.py") for word in path.read_text().split('"') if word.endswith(".md")}
    assert named
    assert {name.removesuffix(".md") for name in named} <= known


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (119, "119 s"), (120, "2 min 0 s"), (7200, "2 h 0 min"), (172_800, "2 days 0 h")],
)
def test_durations_have_the_two_units_that_matter(seconds: float, text: str) -> None:
    """1,237,411 seconds is a figure that nobody can read."""
    assert duration(seconds) == text


@given(st.integers(0, 1 << 60))
def test_sizes_are_read_at_a_glance(octets: int) -> None:
    """At most four digits before the unit, in whatever order of magnitude."""
    assert float(size(octets).split()[0].replace(",", "")) < 1024.05
