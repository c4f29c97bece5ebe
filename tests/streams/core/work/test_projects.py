"""Projects: stages follow one another in time, the first time agreed decides, and what is cancelled counts nowhere."""

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given

from streams.core.algebra import RecordedEvent
from streams.core.events import Event, ProjectSet, ProjectStageChanged
from streams.core.rows_work import ProjectRow, ProjectStageRow
from tests.support.histories_work import project_histories
from tests.support.machine import Machine, changes, run, sums_of
from tests.support.tickets import HOUR, rows
from tests.support.work import at, made, one, told


def agreed(hours: float, due: float | None = None, **fields: Any) -> ProjectSet:
    due_at = None if due is None else at(due)
    return made(ProjectSet, hours, **({"project_id": "p1", "name": "Tracker", "due_at": due_at} | fields))


def went_on(hours: float, stage: str, due: float | None = None, **fields: Any) -> ProjectStageChanged:
    due_at = None if due is None else at(due)
    return made(ProjectStageChanged, hours, **({"project_id": "p1", "stage": stage, "due_at": due_at} | fields))


def stages(machine: Machine) -> list[tuple[int, str, float, float | None]]:
    return [
        (row.stage_no, row.stage, (row.from_at - at(0)) / HOUR,
         None if row.until_at is None else (row.until_at - at(0)) / HOUR)
        for row in rows(machine, ProjectStageRow)
    ]  # fmt: skip


def kept(machine: Machine) -> dict[str, tuple[int, int]]:
    """What the log of changes says of each deadline: kept, and counted."""
    found: dict[str, tuple[int, int]] = {}
    for row in changes(machine):
        if row.metric == "on_time_rate":
            one, other = found.get(row.item, (0, 0))
            found[row.item] = (one + row.numerator_micros // 10**6, other + row.denominator_micros // 10**6)
    return {item: sums for item, sums in found.items() if sums != (0, 0)}


STORY = (
    agreed(0, 100),
    went_on(1, "briefing", 20),
    went_on(21, "fieldwork", 60),
    went_on(40, "fieldwork", 80),
    went_on(70, "report"),
    went_on(99, "over", ends="DELIVERED"),
)


def test_stages_follow_one_another_whatever_comes_first() -> None:
    """Trackers send late and out of order: a stage ends when the next begins, and another due date is no new stage."""
    for order in permutations(STORY, len(STORY)):
        machine = told(*order)
        assert stages(machine) == [
            (1, "briefing", 1, 21),
            (2, "fieldwork", 21, 70),
            (3, "report", 70, 99),
            (4, "over", 99, None),
        ]
        assert kept(machine) == {"stage/1": (0, 1), "stage/2": (0, 1), "project": (1, 1)}
    row = one(told(*STORY), ProjectRow)
    assert (row.status, row.stage, row.stages, row.ended_at, row.flags) == ("delivered", "over", 4, at(99), ())
    fieldwork = rows(told(*STORY), ProjectStageRow)[1]
    assert (fieldwork.first_due_at, fieldwork.due_at) == (at(60), at(80)), "sixty hours, put off to eighty"


def test_durations_are_told_by_stage() -> None:
    """The view counts rows and the log counts measures: both say how long each stage lasted."""
    found = [(row.item, row.numerator_micros / HOUR) for row in changes(told(*STORY)) if row.metric == "stage_duration"]
    assert found == [("briefing/1", 20), ("fieldwork/2", 49), ("report/3", 29)]


def test_a_cancelled_project_leaves_no_deadline_behind() -> None:
    """Nobody can deliver what the customer gave up, and neither can the stage be over that it was given up in."""
    machine = told(agreed(0, 100), went_on(1, "briefing", 20), went_on(15, "over", ends="CANCELLED"))
    assert one(machine, ProjectRow).status == "cancelled"
    assert kept(machine) == {}
    assert [row.is_counted for row in rows(machine, ProjectStageRow)] == [False, False]


@pytest.mark.parametrize(
    ("events", "status", "flags"),
    [
        pytest.param((went_on(1, "briefing"),), "incomplete", (), id="a stage of a project that nobody has told of"),
        pytest.param((went_on(1, "briefing"), agreed(5)), "open", ("stage_before_project",), id="told of afterwards"),
        pytest.param(
            (agreed(0), went_on(1, "over", ends="DELIVERED"), went_on(9, "report")),
            "open",
            ("went_on_after_its_end",),
            id="taken up again",
        ),
        pytest.param(
            (agreed(0, 10), agreed(12, 20)), "open", ("due_date_moved_after_it_passed",), id="put off too late"
        ),
        pytest.param((agreed(0, 10), agreed(8, 20)), "open", (), id="put off in time"),
    ],
)
def test_what_is_odd_waits_or_is_flagged(events: tuple[Event, ...], status: str, flags: tuple[str, ...]) -> None:
    """Nothing is guessed: a project that nobody has told of is incomplete, and says so, until somebody does."""
    for order in permutations(events):
        row = one(told(*order), ProjectRow)
        assert (row.status, row.flags) == (status, flags)


def test_the_first_time_agreed_stands_and_is_corrected_by_a_correction_alone() -> None:
    """A second agreement moves `due_at` and not what the on-time rate goes by."""
    row = one(told(agreed(0, 10), agreed(5, 20)), ProjectRow)
    assert (row.first_due_at, row.due_at) == (at(10), at(20))
    typo = agreed(0, 1)
    row = one(told(typo, agreed(5, 20, corrects_event_id=typo.event_id)), ProjectRow)
    assert (row.first_due_at, row.due_at) == (at(20), at(20))


def test_the_newest_version_says_what_a_project_is() -> None:
    """A source's own order goes before its clock, as everywhere: only stages go by time."""
    row = one(told(agreed(5, name="Old", entity_version=1), agreed(0, name="New", entity_version=2)), ProjectRow)
    assert row.name == "New"


@given(project_histories())
def test_stages_of_a_project_leave_no_gap(recorded_events: list[RecordedEvent]) -> None:
    """Durations add up to the time since the first stage only if each ends where the next begins."""
    machine = run(recorded_events)
    for project in rows(machine, ProjectRow):
        own = [row for row in rows(machine, ProjectStageRow) if row.project_id == project.project_id]
        assert [row.stage_no for row in own] == list(range(1, project.stages + 1))
        assert all(one.until_at == other.from_at for one, other in pairwise(own))
        assert all(one.from_at <= other.from_at for one, other in pairwise(own))
        assert [row.until_at for row in own[-1:]] in ([], [None])
    totals = sums_of(row for row in changes(machine) if row.metric == "stage_duration")
    lasted = sum(
        row.until_at - row.from_at
        for row in rows(machine, ProjectStageRow)
        if row.until_at is not None and row.is_counted and not row.is_test
    )
    assert sum(numerator for numerator, _ in totals.values()) == lasted
