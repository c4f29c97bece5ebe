"""The life of a ticket: statuses, solves and reopenings, removal, and the spans that backlog is counted from."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    TicketAssigned,
    TicketDeleted,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMerged,
    TicketPriorityChanged,
    TicketRestored,
    TicketSolved,
    TouchLogged,
)
from streams.core.rows_ticket import TicketEscalationRow, TicketRow, TicketSolveRow, TicketSpanRow, TouchRow
from streams.core.support import summary, ticket_rows
from streams.core.support.life import MOST_SOLVES
from tests.support.histories_support import support_histories
from tests.support.machine import Machine, restated, run
from tests.support.tickets import (
    OFFICE,
    START,
    hours,
    made,
    opened,
    rated,
    reopened,
    rows,
    said,
    ticket,
    told,
    turned,
)

SOLVED = turned(10, "SOLVED")


def spans(machine: Machine) -> list[tuple[float | None, float | None, str, bool]]:
    return [
        (hours(row.from_at - START), None if row.until_at is None else hours(row.until_at - START), row.status,
         row.is_backlog)
        for row in rows(machine, TicketSpanRow)
    ]  # fmt: skip


def test_time_is_told_apart_by_who_waits() -> None:
    """Requesters wait in new, open and hold; agents in pending; what still runs is left to the reader's moment."""
    row = ticket(
        told(
            opened(),
            turned(2, "OPEN"),
            turned(5, "PENDING"),
            turned(6, "HOLD"),
            turned(8, "OPEN"),
            made(TicketPriorityChanged, 9, priority="high"),
            rules=OFFICE,
        )
    )
    found = (row.requester_wait_us, row.agent_wait_us, row.on_hold_us, row.agent_work_us)
    assert [hours(each) for each in found] == [7, 1, 2, 5]
    business = (row.requester_wait_business_us, row.agent_wait_business_us, row.on_hold_business_us)
    assert [hours(each) for each in business] == [6, 1, 2]
    assert hours(row.status_since - START if row.status_since else None) == 8


def test_a_reopening_moves_the_full_resolution_and_says_so() -> None:
    """A ticket opened again after weeks takes its resolution back; the first one stays the first."""
    again = turned(600, "OPEN", actor="CUSTOMER")
    machine = told(opened(), SOLVED, again)
    row = ticket(machine)
    assert (row.solves, row.reopens, row.status, row.last_solved_at) == (1, 1, "open", None)
    assert hours(row.first_solved_us) == 10
    repeated, log, *rates = restated(machine)
    assert (repeated.metric, repeated.item, repeated.numerator_micros) == ("fcr", "25", -1_000_000)
    assert (log.metric, log.old_value, log.new_value, log.reason) == ("full_resolution", 10, None, "reopened")
    assert (log.event_id, log.window_at, log.kind) == (again.event_id, SOLVED.occurred_at, "displaced")
    assert [(each.metric, each.item, each.old_value, each.new_value) for each in rates] == [
        ("reopen_rate", "", 0, None),
        ("reopen_rate", "25", None, 1),
    ]
    final = ticket(told(opened(), SOLVED, again, turned(700, "SOLVED")))
    assert (hours(final.first_solved_us), hours(final.last_solved_us), final.solves) == (10, 700, 2)


def test_who_reopened_is_told_once_by_two_events() -> None:
    """Sources report one reopening as a change of status and as a reopening; it is one."""
    (solve,) = rows(told(opened(), SOLVED, turned(20, "OPEN"), reopened(20, reopened_by="c1")), TicketSolveRow)
    assert (solve.reopened_by, solve.by_message) == ("c1", False)
    assert ticket(told(opened(), SOLVED, turned(20, "OPEN"), reopened(20, reopened_by="c1"))).reopens == 1


@pytest.mark.parametrize(("actor", "by_message"), [("CUSTOMER", True), ("SYSTEM", True), ("AGENT", False)])
def test_a_reopening_by_a_message_alone_is_marked(actor: str, by_message: bool) -> None:
    """A thank you opens tickets again by itself at some sources; whoever reads reopen rates wants to know."""
    machine = told(opened(), SOLVED, said(12, "REQUESTER"), turned(12, "OPEN", actor=actor))
    (solve,) = rows(machine, TicketSolveRow)
    assert (solve.by_message, solve.reopened_by) == (by_message, actor.lower())


def test_a_message_alone_reopens_nothing() -> None:
    """The source decides about status; a message is only a message."""
    assert ticket(told(opened(), SOLVED, said(12, "REQUESTER"))).reopens == 0


def test_closing_is_a_resolution_only_where_nothing_was_solved() -> None:
    """Sources close by themselves weeks later; that must not lengthen resolutions."""
    closed = turned(700, "CLOSED")
    usual = ticket(told(opened(), SOLVED, closed))
    assert (hours(usual.last_solved_us), usual.solves, usual.status, usual.closed_at) == (
        10, 1, "closed", closed.occurred_at,
    )  # fmt: skip
    (only,) = rows(told(opened(), closed), TicketSolveRow)
    assert (only.by_closing, only.solved_at) == (True, closed.occurred_at)


def test_a_solve_that_was_undone_does_not_come_back_with_the_closing() -> None:
    """Whoever reopened the ticket was not helped by then; the closing is the solve that counts."""
    again, closed = turned(20, "OPEN"), turned(700, "CLOSED")
    machine = told(opened(), SOLVED, again, closed)
    row = ticket(machine)
    assert (row.solves, row.reopens, row.status, hours(row.last_solved_us)) == (2, 1, "closed", 700)
    assert hours(row.first_solved_us) == 10
    solves = [
        (hours(each.solved_at - START), each.by_closing, each.reopened_at) for each in rows(machine, TicketSolveRow)
    ]
    assert solves == [(10, False, again.occurred_at), (700, True, None)]
    (log,) = [each for each in restated(machine) if each.metric == "full_resolution"]
    assert (log.event_id, log.old_value, log.new_value, log.reason) == (again.event_id, 10, None, "reopened")
    merged = ticket(told(opened(), SOLVED, again, made(TicketMerged, 30, target_ticket_id="T2"), closed))
    assert (merged.status, merged.solves, merged.last_solved_at) == ("merged", 1, None)


def test_a_solve_of_a_solved_ticket_is_the_last_one() -> None:
    """Desks answer again without opening; told twice for one moment, or by a change of status, it is one solve."""
    anew = made(TicketSolved, 30, assignee_id="a2")
    machine = told(opened(), turned(10, "SOLVED"), made(TicketSolved, 10), turned(20, "SOLVED"), anew)
    row = ticket(machine)
    assert (hours(row.first_solved_us), hours(row.last_solved_us), row.solves, row.reopens) == (10, 30, 2, 0)
    assert [each.assignee_id for each in rows(machine, TicketSolveRow)] == ["", "a2"]
    log = [(each.event_id, hours(each.window_at - START), each.old_value, each.new_value) for each in restated(machine)]
    assert log == [(anew.event_id, 10, 10, None), (anew.event_id, 30, None, 30)]
    after = ticket(told(opened(), SOLVED, turned(20, "CLOSED"), anew))
    assert (hours(after.last_solved_us), after.solves) == (10, 1)


def test_a_solve_names_who_solved() -> None:
    """Who had the ticket then, unless the source names somebody else."""
    events = [opened(), made(TicketAssigned, 1, assignee_id="a1"), made(TicketAssigned, 30, assignee_id="a9")]
    (mine,) = rows(told(*events, SOLVED), TicketSolveRow)
    assert mine.assignee_id == "a1"
    (other,) = rows(told(*events, made(TicketSolved, 10, assignee_id="a2")), TicketSolveRow)
    assert other.assignee_id == "a2"
    assert ticket(told(*events)).first_assigned_at == events[1].occurred_at


def test_time_decides_and_versions_only_within_a_moment() -> None:
    """A source's version orders what it sends, not what happened: the later change of status holds."""
    crossed = [turned(4, "PENDING", entity_version=1), turned(2, "HOLD", entity_version=5)]
    machine = told(opened(), *crossed)
    assert ticket(machine).status == "pending"
    assert [span[:3] for span in spans(machine)] == [(0, 2, "new"), (2, 4, "hold"), (4, None, "pending")]
    together = [turned(2, "OPEN", entity_version=5, number=1), turned(2, "HOLD", entity_version=1, number=2)]
    assert ticket(told(opened(), *together)).status == "open"


def test_backlog_is_what_is_neither_solved_nor_removed() -> None:
    """Stocks at any instant are counted from these spans."""
    machine = told(opened(), SOLVED, turned(20, "OPEN"), made(TicketDeleted, 30), made(TicketRestored, 40))
    assert spans(machine) == [
        (0, 10, "new", True),
        (10, 20, "solved", False),
        (20, 30, "open", True),
        (30, 40, "deleted", False),
        (40, None, "open", True),
    ]


def test_removal_is_undone_but_for_a_merge() -> None:
    """Spam and deletion are taken back; what went into another ticket lives on there."""
    removed = [opened(), made(TicketMarkedSpam, 5), made(TicketDeleted, 6)]
    both = ticket(told(*removed))
    assert (both.status, both.removed_at) == ("deleted", removed[1].occurred_at)
    back = ticket(told(*removed, made(TicketRestored, 9)))
    assert (back.status, back.removed_at) == ("new", None)
    merged = told(opened(), made(TicketMerged, 5, target_ticket_id="T2"), SOLVED, made(TicketRestored, 11))
    row = ticket(merged)
    assert (row.status, row.merged_into, row.solves) == ("merged", "T2", 0)
    assert spans(merged)[-1] == (5, None, "merged", False)


def test_a_solve_dated_before_the_opening_has_no_duration() -> None:
    """Crossed clocks of a source are flagged; no figure is negative, and the ticket is solved all the same."""
    machine = told(opened(5), turned(1, "SOLVED"))
    row = ticket(machine)
    assert (row.status, row.first_solved_us, row.flags) == ("solved", None, ("solved_before_opened",))
    assert spans(machine) == [(5, None, "solved", False)]


def test_a_status_that_lasted_for_no_time_does_not_begin_the_one_before_it_anew() -> None:
    """Automations turn a ticket there and back in one update; what was waited before would be in no figure."""
    story = [opened(), turned(2, "HOLD"), turned(5, "OPEN", number=1), turned(5, "HOLD", number=2)]
    machine = told(*story, made(TicketPriorityChanged, 6, priority="high"))
    assert hours(ticket(machine).status_since - START if ticket(machine).status_since else None) == 2
    assert hours(ticket(told(*story, turned(9, "SOLVED", number=9))).on_hold_us) == 7


def test_what_is_dated_before_an_opening_as_solved_comes_no_earlier_than_it() -> None:
    """Crossed clocks again: nothing is reopened before it was solved, and no solve comes before an earlier one."""
    crossed = [opened(5, status="SOLVED"), turned(1, "OPEN"), turned(2, "SOLVED", number=2), turned(9, "OPEN")]
    first, second = rows(told(*crossed), TicketSolveRow)
    assert [hours(at - START) for at in (first.solved_at, first.reopened_at, second.solved_at) if at] == [5, 5, 5]
    assert hours(second.reopened_at - START if second.reopened_at else None) == 9
    assert hours(ticket(told(*crossed[:3])).last_solved_us) == 0


def test_an_opening_told_twice_is_flagged() -> None:
    """Two sources that report one ticket disagree about it sooner or later."""
    row = ticket(told(opened(), opened(1, channel="discord", source="discord:acme")))
    assert (row.channel, row.flags) == ("discord", ("opened_twice",))


def test_a_rating_counts_for_who_had_the_ticket_then() -> None:
    """A later rating replaces the earlier one, and the change is told in both windows."""
    second = rated(50, 2.0)
    machine = told(
        opened(assignee_id="a1"), rated(20, 5.0, has_comment=True), made(TicketAssigned, 30, assignee_id="a2"), second
    )
    row = ticket(machine)
    assert (row.csat_score, row.csat_assignee_id, row.csat_has_comment) == (2.0, "a2", False)
    log = [each for each in restated(machine) if each.metric == "ticket_csat"]
    assert {(each.old_value, each.new_value, each.event_id) for each in log} == {
        (5.0, None, second.event_id),
        (None, 2.0, second.event_id),
    }


def test_escalations_keep_their_way() -> None:
    """Handing a ticket back keeps the escalation; the tier is the last one told."""
    up = made(TicketEscalated, 1, kind="FUNCTIONAL", from_tier="1", to_tier="2", reason="bug")
    machine = told(opened(tier="1", assignee_id="a1"), up, made(TicketEscalated, 3, kind="HIERARCHICAL"))
    found = rows(machine, TicketEscalationRow)
    assert {(row.kind, row.to_tier, row.assignee_id) for row in found} == {
        ("functional", "2", "a1"),
        ("hierarchical", "", "a1"),
    }
    assert (ticket(machine).escalations, ticket(machine).tier) == (2, "2")


def test_a_touch_is_as_it_was_last_told_of() -> None:
    """A call that was longer than first written down is one call."""
    first = TouchLogged(
        event_id="00000000-0000-4000-8000-000000000001",
        account_id="acme",
        occurred_at=START,
        source="crm:main",
        touch_id="w1",
        kind="call",
        direction="OUTBOUND",
        duration_s=60,
    )
    longer = msgspec.structs.replace(first, event_id=first.event_id[:-1] + "2", duration_s=900)
    (row,) = rows(told(longer, first), TouchRow)
    assert (row.direction, row.duration_s) == ("outbound", 900)


@given(support_histories())
def test_spans_follow_each_other_without_gap_from_the_opening_on(history: list[RecordedEvent]) -> None:
    """A ticket is in exactly one span at any instant since its opening, so no stock counts it twice or never."""
    machine = run(history)
    for row in rows(machine, TicketRow):
        mine = [each for each in rows(machine, TicketSpanRow) if each.ticket_id == row.ticket_id]
        assert bool(mine) == (row.opened_at is not None)
        assert all(one.until_at == other.from_at for one, other in pairwise(mine))
        if mine:
            assert (mine[0].from_at, mine[-1].until_at, mine[-1].status) == (row.opened_at, None, row.status)
            assert all(each.until_at is None or each.from_at < each.until_at for each in mine)


@given(support_histories())
def test_no_duration_is_negative_and_solves_balance_reopenings(history: list[RecordedEvent]) -> None:
    """Whatever a source's clocks say."""
    machine = run(history)
    for row in rows(machine, TicketRow):
        figures = (
            row.first_reply_us,
            row.first_solved_us,
            row.last_solved_us,
            row.requester_wait_us,
            row.agent_wait_us,
        )
        assert all(each is None or each >= 0 for each in figures)
        solves = [each for each in rows(machine, TicketSolveRow) if each.ticket_id == row.ticket_id]
        assert row.solves == len(solves)
        assert row.reopens == sum(each.reopened_at is not None for each in solves)
        standing = [each.solved_at for each in solves[-1:] if each.reopened_at is None]
        if row.status in ("solved", "closed"):
            assert [row.last_solved_at] == standing
        else:
            assert row.last_solved_at is None or [row.last_solved_at] == standing


def test_solves_beyond_what_rows_can_number_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that does not fit into its key is refused by the sink, and stops the worker at every start."""
    monkeypatch.setattr(ticket_rows, "MOST_SOLVES", 2)
    monkeypatch.setattr(summary, "MOST_SOLVES", 2)
    machine = told(opened(), *(turned(hours, ("SOLVED", "OPEN")[hours % 2]) for hours in range(2, 9)))
    row = ticket(machine)
    assert (row.solves, row.flags) == (4, ("solves_without_rows",))
    assert [each.ordinal for each in rows(machine, TicketSolveRow)] == [1, 2]
    assert MOST_SOLVES == 65_535
