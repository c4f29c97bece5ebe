"""What is decided only once a moment, or a second, is over: sealed too early, a row would be wrong for ever."""

from typing import Any

import pytest

from streams.core import segments
from streams.core.events import Event, SlaTargetApplied, TicketDeleted, TicketPriorityChanged, TicketRestored
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow, TicketSolveRow, TicketSpanRow
from streams.core.rules import Rules
from streams.core.support.sla_policy import Limit, SlaPolicy
from tests.support.machine import Machine
from tests.support.tickets import HOUR, START, hidden, hours, made, opened, reopened, rows, said, ticket, told, turned

SECOND = 1 / 3600


@pytest.fixture(autouse=True, params=[1, 16], ids="segments of {}".format)
def _segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT", request.param)


def ruled(*limits: Limit, since: float = -1, **more: Any) -> Rules:
    fields = {"version": "v1", "is_active": True, "schedule_id": "", "match": ((),) * 5} | more
    return Rules(
        sla=(SlaPolicy(position=0, policy_id="p", valid_from=START + int(since * HOUR), limits=limits, **fields),)
    )


def clocks(machine: Machine) -> list[tuple[str, int, str, float | None]]:
    return [
        (row.metric, row.instance_no, row.state, hours(None if at is None else at - START))
        for row in rows(machine, SlaInstanceRow)
        for at in (row.fulfilled_at or row.cancelled_at,)
    ]


@pytest.mark.parametrize(("after", "by_message"), [(-1.0, True), (-1.1, False), (0.5, True), (1.0, True), (1.1, False)])
def test_a_message_of_the_same_second_opened_the_ticket_again(after: float, by_message: bool) -> None:
    """Sources date the parts of one update nearly alike, in either order."""
    story = [
        opened(),
        turned(10, "SOLVED"),
        turned(12, "OPEN", actor="CUSTOMER"),
        said(12 + after * SECOND, "REQUESTER"),
    ]
    (solve,) = rows(told(*story), TicketSolveRow)
    assert solve.by_message is by_message


def test_so_it_did_where_the_ticket_was_solved_once_more_before_it() -> None:
    """An automation that answers at once must not hide what it answered."""
    story: list[Event] = [
        opened(),
        turned(10, "SOLVED"),
        reopened(12),
        turned(12 + 0.2 * SECOND, "SOLVED", number=7),
        said(12 + 0.4 * SECOND, "REQUESTER"),
        turned(20, "PENDING"),
    ]
    assert [row.by_message for row in rows(told(*story), TicketSolveRow)] == [True, False]
    assert [row.by_message for row in rows(told(*story[:4], *story[5:]), TicketSolveRow)] == [False, False]


def test_a_reply_to_what_is_removed_counts_once_it_is_restored() -> None:
    """While it is deleted nobody waits; restored, it had been answered all along, and at that moment."""
    story = [opened(), made(TicketDeleted, 2), said(5, "AGENT"), made(TicketPriorityChanged, 6, priority="low")]
    rules = ruled(Limit("first_reply", "", 4 * HOUR, False))
    assert clocks(told(*story, rules=rules)) == [("first_reply", 1, "cancelled", 2)]
    (row,) = rows(told(*story, made(TicketRestored, 9), rules=rules), SlaInstanceRow)
    assert (row.state, hours(row.fulfilled_at - START if row.fulfilled_at else None), row.priority) == (
        "fulfilled",
        5,
        "",
    )
    assert hours(row.elapsed_us) == 2


def test_a_clock_hears_nothing_of_policies_from_before_its_start() -> None:
    """A wait that begins in a pending ticket is paused since it began, not since a policy changed."""
    rules = ruled(Limit("next_reply", "", 3 * HOUR, False), since=5)
    story = [opened(), said(1, "AGENT"), made(TicketDeleted, 2), said(8, "REQUESTER")]
    (row,) = rows(told(*story, rules=rules), SlaInstanceRow)
    assert (row.metric, row.state, row.paused_since) == ("next_reply", "paused", START + 8 * HOUR)


def test_a_target_for_one_clock_is_heard_by_no_other() -> None:
    """Sources set the target of each wait by its number, before it begins or while it lasts."""
    targets = [
        made(SlaTargetApplied, at, metric="next_reply", target_s=3600 * number, instance_no=number, number=number)
        for number, at in ((1, 3.5), (3, 4), (2, 4))
    ]
    talk = [said(at, author) for at, author in enumerate(("AGENT", "REQUESTER", "AGENT", "REQUESTER", "AGENT"), 2)]
    later = [said(7, "REQUESTER"), said(8, "AGENT")]
    machine = told(opened(), *talk, *later, *targets)
    found = {row.instance_no: hours(row.target_us) for row in rows(machine, SlaInstanceRow)}
    assert found == {1: 1, 2: 2, 3: 3}


def test_waits_end_behind_all_messages_of_their_moment() -> None:
    """A reply in the update that solves a ticket is one; one that begins as solved ends what was asked before."""
    story = [
        opened(),
        said(2, "REQUESTER"),
        turned(3, "SOLVED", number=1),
        said(3, "AGENT"),
        reopened(4),
        said(5, "AGENT"),
    ]
    waits = [(row.ended_by, hours(row.waited_us)) for row in rows(told(*story), TicketNextReplyRow)]
    assert waits == [("reply", 1)]
    crossed = [opened(5, status="SOLVED"), said(1, "REQUESTER"), turned(2, "PENDING"), turned(9, "OPEN")]
    (wait,) = rows(told(*crossed), TicketNextReplyRow)
    assert (wait.ended_by, hours(wait.waited_us)) == ("solved", 4)


def test_a_span_goes_by_the_last_word_of_a_moment() -> None:
    """There and back within a moment is nothing; there, back and elsewhere is elsewhere."""
    story = [opened(), turned(5, "PENDING", number=1), turned(5, "NEW", number=2), turned(5, "HOLD", number=3)]
    spans = [(row.status, hours(row.from_at - START)) for row in rows(told(*story), TicketSpanRow)]
    assert spans == [("new", 0), ("hold", 5)]
    back = told(*story[:3], turned(9, "SOLVED", number=9))
    assert [(row.status, hours(row.from_at - START)) for row in rows(back, TicketSpanRow)] == [
        ("new", 0),
        ("solved", 9),
    ]


def test_a_message_changed_again_and_stated_again_is_as_was_said_last() -> None:
    """Hidden, shown and redacted in any order of arrival, before and after a source states it once more."""
    first = said(1, "AGENT")
    shown = made(type(hidden(3, first)), 3, message_id=first.message_id, is_public=True, number=5)
    redacted = made(type(shown), 4, message_id=first.message_id, is_redacted=True, number=6)
    again = said(1.5, "AGENT", message_id=first.message_id)
    story = [hidden(2, first), redacted, first, opened(), again, shown]
    for order in (story, story[::-1], [first, opened(), again, shown, redacted, hidden(2, first)]):
        machine = told(*order)
        (row,) = rows(machine, TicketMessageRow)
        assert (row.is_public, row.is_redacted, hours(row.sent_at - START)) == (True, True, 1.5)
        assert hours(ticket(machine).first_reply_us) == 1.5
