"""Tasks: the first time that was agreed decides, whatever was agreed later and in whichever order it was told."""

from itertools import permutations

import pytest
from hypothesis import given

from streams.core.algebra import RecordedEvent
from streams.core.events import Event, TaskCompleted, TaskDueSet
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_work import TaskRow
from tests.support.histories_work import task_histories
from tests.support.machine import Machine, changes, run, sums_of
from tests.support.tickets import rows
from tests.support.work import at, made, one, told


def due(hours: float, when: float | None, **fields: object) -> TaskDueSet:
    return made(TaskDueSet, hours, task_id="k1", due_at=None if when is None else at(when), **fields)


def done(hours: float, **fields: object) -> TaskCompleted:
    return made(TaskCompleted, hours, task_id="k1", completed_at=at(hours), **fields)


def kept(machine: Machine) -> list[tuple[int, int]]:
    """What the log of changes adds up to: deadlines kept, and deadlines."""
    ones = sums_of(row for row in changes(machine) if row.metric == "on_time_rate").values()
    return [(numerator // 10**6, denominator // 10**6) for numerator, denominator in ones]


@pytest.mark.parametrize(
    ("events", "sums", "status", "flags"),
    [
        pytest.param((due(0, 10), done(10)), [(1, 1)], "done", (), id="to the minute"),
        pytest.param((due(0, 10), done(11)), [(0, 1)], "done", (), id="an hour late"),
        pytest.param((due(0, 10), due(5, 20), done(15)), [(0, 1)], "done", (), id="moved in time"),
        pytest.param(
            (due(0, 10), due(12, 20), done(15)),
            [(0, 1)],
            "done",
            ("due_date_moved_after_it_passed",),
            id="moved after it had passed",
        ),
        pytest.param((due(0, 20), due(5, 10), done(15)), [(1, 1)], "done", (), id="pulled forward"),
        pytest.param((due(0, 10),), [(0, 1)], "open", (), id="not done yet"),
        pytest.param((due(0, 10), due(5, None)), [], "given_up", (), id="given up in time"),
        pytest.param(
            (due(0, 10), due(12, None)),
            [(0, 1)],
            "given_up",
            ("due_date_moved_after_it_passed",),
            id="given up too late",
        ),
        pytest.param((due(0, 10), due(5, None), done(8)), [(1, 1)], "done", (), id="given up and done all the same"),
        pytest.param((done(8),), [], "done", ("done_without_due_date",), id="nobody said by when"),
        pytest.param(
            (done(8), due(9, 10)), [(1, 1)], "done", ("due_date_set_after_done",), id="a time agreed afterwards"
        ),
        pytest.param((due(0, None), due(2, 10), done(11)), [(0, 1)], "done", (), id="no time at first"),
        pytest.param((due(0, 10, is_test=True), done(8)), [], "done", (), id="a test"),
    ],
)
def test_a_deadline_is_kept_by_the_first_time(
    events: tuple[Event, ...], sums: list[tuple[int, int]], status: str, flags: tuple[str, ...]
) -> None:
    """Who moves a date after it has passed would else be punctual for ever; the order of arrival must not show."""
    for order in permutations(events):
        machine = told(*order)
        row = one(machine, TaskRow)
        assert (kept(machine), row.status, row.flags) == (sums, status, flags), order


def test_a_mistyped_time_is_corrected_and_no_date_is_moved() -> None:
    """A correction says what had been agreed; taking it for a move would keep the slip of the pen for ever."""
    typo = due(0, 1)
    machine = told(typo, due(2, 10, corrects_event_id=typo.event_id), done(9))
    row = one(machine, TaskRow)
    assert (row.first_due_at, row.due_moves, row.flags) == (at(10), 0, ())
    assert kept(machine) == [(1, 1)]
    assert [each.kind for each in rows(machine, MetricChangeRow)][-1] == "first"


def test_a_deadline_that_turns_out_to_be_kept_takes_the_place_of_nothing() -> None:
    """An open deadline has not been reported as late: what comes in within its window is no restatement."""
    machine = told(due(0, 10), done(9))
    assert {row.kind for row in changes(machine)} == {"first"}
    late = told(due(0, 10), made(TaskCompleted, 9 + 24 * 20, task_id="k1", completed_at=at(9)))
    assert [row.kind for row in changes(late)] == ["first", "late"], "told twenty days after it was done"


@given(task_histories())
def test_no_later_word_makes_a_deadline_kept(recorded_events: list[RecordedEvent]) -> None:
    """Whatever is agreed behind everything else, what was late stays late."""
    again = run(
        [
            *recorded_events,
            RecordedEvent(
                made(TaskDueSet, 24 * 365, task_id="k1", due_at=at(24 * 400), entity_version=2**63 - 1),
                at(24 * 366),
            ),
        ]
    )
    before = {row.task_id: row for row in rows(run(recorded_events), TaskRow)}.get("k1")
    after = {row.task_id: row for row in rows(again, TaskRow)}["k1"]
    if before is not None and before.first_due_at is not None:
        assert after.first_due_at == before.first_due_at
        assert after.is_counted >= before.is_counted
