"""Replies: whose count, how long requesters wait for them, and what changes when a message is hidden later."""

import pytest

from streams.core.events import Event, TicketMerged
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow
from tests.support.machine import restated
from tests.support.tickets import OFFICE, START, hidden, hours, made, opened, rows, said, ticket, told, turned

DAY = 24 * 3_600_000_000


def test_the_first_reply_is_a_humans_that_the_requester_sees() -> None:
    """Bots answer at once and notes are for colleagues: either would make the figure worthless."""
    row = ticket(
        told(
            opened(),
            said(0, "REQUESTER"),
            said(1, "BOT"),
            said(2, "AGENT", is_public=False),
            said(3, "AGENT"),
            said(4, "AGENT"),
            rules=OFFICE,
        )
    )
    assert hours(row.first_reply_us) == 3
    assert hours(row.first_reply_business_us) == 2
    assert (row.public_replies, row.requester_messages, row.messages, row.agents) == (2, 1, 5, 1)


def test_without_a_schedule_business_time_is_not_guessed() -> None:
    """A figure in invented hours would be believed."""
    row = ticket(told(opened(), said(3, "AGENT"), turned(5, "SOLVED")))
    assert (hours(row.first_reply_us), row.first_reply_business_us) == (3, None)
    assert (row.first_solved_business_us, row.agent_work_business_us) == (None, None)


def test_what_an_agent_opens_with_is_no_reply() -> None:
    """An agent who writes first has answered nobody; the second message is the first reply."""
    by_agent = [opened(created_by_agent=True), said(0, "AGENT"), said(5, "AGENT")]
    row = ticket(told(*by_agent))
    assert (hours(row.first_reply_us), row.public_replies) == (5, 1)
    asked_first = ticket(told(opened(created_by_agent=True), said(1, "REQUESTER"), said(2, "AGENT")))
    assert hours(asked_first.first_reply_us) == 2
    parts = ticket(told(opened(created_by_agent=True), said(0.0002, "AGENT"), said(5, "AGENT")))
    assert (hours(parts.first_reply_us), parts.public_replies) == (5, 1)
    before = ticket(told(opened(created_by_agent=True), said(-0.5, "AGENT"), said(5, "AGENT")))
    assert (hours(before.first_reply_us), before.public_replies, before.flags) == (5, 1, ())


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((), id="by phone"),
        pytest.param((said(0, "AGENT", is_public=False),), id="with a note"),
        pytest.param((said(0, "BOT"),), id="by a bot or an automation"),
        pytest.param((said(0, "AGENT"), hidden(0.2, said(0, "AGENT"))), id="with what was made private"),
        pytest.param((said(0, "REQUESTER"),), id="for what the requester said"),
    ],
)
def test_where_no_public_message_of_an_agent_opened_a_ticket_the_first_one_is_a_reply(first: tuple[Event, ...]) -> None:
    """Otherwise the customer who was called back counts as waiting for ever, and a promise kept as broken."""
    row = ticket(told(opened(created_by_agent=True), *first, said(0.5, "AGENT"), turned(1, "SOLVED")))
    assert (hours(row.first_reply_us), row.public_replies) == (0.5, 1)


def test_replies_of_one_session_are_one() -> None:
    """A chat of ten lines is one conversation."""
    lines = [said(each, "AGENT", session_id="s1") for each in (1, 1.1, 1.2)]
    assert ticket(told(opened(), *lines, said(2, "AGENT", session_id="s2"), said(3, "AGENT"))).public_replies == 3


def test_a_reply_hidden_later_was_none_and_the_log_says_so() -> None:
    """The published figure moves to the next reply, told by the event that moved it."""
    first = said(1, "AGENT")
    change = hidden(300, first)
    machine = told(opened(), said(0, "REQUESTER"), first, said(4, "AGENT"), change)
    assert hours(ticket(machine).first_reply_us) == 4
    (row,) = restated(machine)
    assert (row.metric, row.event_id, row.window_at) == ("first_reply", change.event_id, START)
    assert (row.old_value, row.new_value, row.reason) == (1, 4, "message changed")
    (wait,) = rows(machine, TicketNextReplyRow)
    assert hours(wait.waited_us) == 4


@pytest.mark.parametrize("turn", [False, True])
def test_a_change_that_comes_before_its_message_holds(turn: bool) -> None:
    """Sources deliver in any order."""
    first = said(1, "AGENT")
    events = [opened(), first, hidden(2, first)]
    row = ticket(told(*(reversed(events) if turn else events)))
    assert (row.first_reply_at, row.public_replies, row.agents) == (None, 0, 1)


def test_messages_one_after_another_are_one_wait() -> None:
    """A customer who writes three times waits once, from the oldest on."""
    machine = told(
        opened(), said(0, "REQUESTER"), said(1, "REQUESTER"), said(2, "BOT"), said(4, "AGENT"), said(9, "REQUESTER")
    )
    waits = rows(machine, TicketNextReplyRow)
    assert [(hours(row.asked_at - START), hours(row.waited_us), row.ended_by) for row in waits] == [
        (0, 4, "reply"),
        (9, None, ""),
    ]
    assert waits[0].agent_id == "agent"


def test_a_solve_ends_a_wait_and_so_does_a_removal() -> None:
    """Nobody waits any more; a reply in the same update as the solve still is one."""
    asked = said(1, "REQUESTER")
    (solved,) = rows(told(opened(), asked, turned(3, "SOLVED")), TicketNextReplyRow)
    assert (hours(solved.waited_us), solved.ended_by, solved.agent_id) == (2, "solved", "")
    (merged,) = rows(told(opened(), asked, made(TicketMerged, 4, target_ticket_id="T2")), TicketNextReplyRow)
    assert merged.ended_by == "removed"
    (replied,) = rows(told(opened(), asked, said(3, "AGENT"), turned(3, "SOLVED")), TicketNextReplyRow)
    assert replied.ended_by == "reply"


def test_a_ticket_that_is_opened_as_solved_keeps_nobody_waiting() -> None:
    """Calls are logged as solved, with what was asked as a message: such a wait would never end."""
    events = (opened(status="SOLVED"), said(0, "REQUESTER"), said(3, "REQUESTER"))
    ended, lasting = rows(told(*events), TicketNextReplyRow)
    assert (ended.ended_by, ended.waited_us) == ("solved", 0)
    assert (lasting.ended_by, lasting.answered_at) == ("", None)
    (earlier,) = rows(told(opened(5, status="CLOSED"), *events[1:]), TicketNextReplyRow)
    assert (earlier.ended_by, hours(earlier.waited_us)) == ("solved", 5)


def test_a_late_reply_is_told_of() -> None:
    """A reply from an archive that comes weeks later changes a week that was published as final."""
    machine = told(opened(), said(1, "AGENT"), delay=15 * DAY)
    assert [(row.old_value, row.new_value, row.reason) for row in restated(machine) if row.metric == "first_reply"] == [
        (None, 1, "late")
    ]


def test_messages_say_whether_they_came_out_of_hours() -> None:
    """Who writes at night shows what on-call costs; without hours nobody knows."""
    events = [opened(), said(0.5, "REQUESTER"), said(1, "REQUESTER", channel="phone"), said(9, "AGENT")]
    told_rows = rows(told(*events, rules=OFFICE), TicketMessageRow)
    by_time = sorted(told_rows, key=lambda row: row.sent_at)
    assert [(row.out_of_hours, row.channel) for row in by_time] == [(True, "email"), (False, "phone"), (True, "email")]
    assert {row.out_of_hours for row in rows(told(*events), TicketMessageRow)} == {None}


def test_a_reply_before_the_question_has_no_duration() -> None:
    """Two clocks of a source that disagree must not make a negative figure."""
    row = ticket(told(opened(), said(-1, "AGENT")))
    assert (row.first_reply_us, row.flags) == (None, ("replied_before_opened",))


def test_a_reply_to_a_ticket_nobody_knows_is_kept() -> None:
    """The ticket is incomplete until its start arrives; then nothing is missing."""
    alone = ticket(told(said(2, "AGENT")))
    assert (alone.status, alone.opened_at, alone.first_reply_us, alone.messages) == ("incomplete", None, None, 1)
    assert hours(ticket(told(said(2, "AGENT"), opened())).first_reply_us) == 2
