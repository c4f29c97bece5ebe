"""Long tickets: folding several events at once changes nothing, and beyond a limit order does not matter either."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import gathering
from streams.core.algebra import Note
from streams.core.gathering import gather
from streams.core.routes import TICKET
from streams.core.rows import MetricChangeRow, TicketMessageRow, TicketRow, TicketSpanRow
from streams.core.rules import Rules
from streams.core.support import growth
from tests.support.histories_support import support_histories
from tests.support.levels import LEVELS
from tests.support.machine import Machine, changes, figures, run, sums_of
from tests.support.tickets import hidden, hours, notes, opened, rows, said, ticket, told, turned


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches."""
    monkeypatch.setattr(growth, "MESSAGES", 3)
    monkeypatch.setattr(growth, "CHANGES", 4)


def gathered(history: list[Note], cuts: list[int]) -> Machine:
    """The history folded in batches that end at the cuts."""
    machine = Machine(rules=LEVELS)
    bounds = sorted({0, *(min(cut, len(history)) for cut in cuts), len(history)})
    for start, end in pairwise(bounds):
        machine.feed_together(history[start:end])
    return machine


@given(support_histories(), st.lists(st.integers(1, 9), max_size=3))
def test_events_folded_together_are_events_folded_one_by_one(history: list[Note], cuts: list[int]) -> None:
    """How batches divide the same records must show in no state, revisions included, and in no row."""
    single, several = run(history, rules=LEVELS), gathered(history, cuts)
    assert single.states == several.states
    assert single.tables == several.tables


@pytest.fixture(params=["by number", "by length"])
def limited(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a history reaches by the number of its events, or by their length."""
    monkeypatch.setattr(growth, "MESSAGES", 3 if request.param == "by number" else 1_000)
    monkeypatch.setattr(growth, "CHANGES", 4 if request.param == "by number" else 1_000)
    monkeypatch.setattr(growth, "BYTES", 1_000_000 if request.param == "by number" else 500)
    monkeypatch.setattr(growth, "FEW", 3)


@pytest.mark.usefixtures("limited")
@given(support_histories(14), st.lists(st.integers(1, 13), max_size=3), st.randoms(use_true_random=False))
def test_what_is_left_out_does_not_depend_on_what_came_first(
    history: list[Note], cuts: list[int], chance: Random
) -> None:
    """A ticket above its limits has the same figures in replay as it had live."""
    shuffled = list(history)
    chance.shuffle(shuffled)
    one, other = run(history, rules=LEVELS), gathered(shuffled, cuts)
    assert figures(one) == figures(other)
    assert one.states == other.states
    assert sums_of(changes(one)) == sums_of(changes(other))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_long_event_leaves_no_room_for_shorter_ones_behind_it(lengths: list[int], chance: Random, cut: int) -> None:
    """What was left out is forgotten: had a later one taken its place, which are kept would depend on batches."""
    with pytest.MonkeyPatch.context() as narrow:
        narrow.setattr(growth, "FEW", 0)
        narrow.setattr(growth, "BYTES", 700)
        told_in_order = [opened(), *(said(at, "AGENT", author_id="a" * long) for at, long in enumerate(lengths, 1))]
        shuffled = list(told_in_order)
        chance.shuffle(shuffled)
        one, other = run(notes(*told_in_order)), gathered(notes(*shuffled), [cut])
    assert [note.event for note in state(one).notes] == [note.event for note in state(other).notes]
    assert ticket(one).events_left_out == ticket(other).events_left_out


def state(machine: Machine) -> Any:
    (only,) = machine.states.values()
    return only


@pytest.mark.usefixtures("short")
def test_messages_beyond_the_limit_are_counted_and_changes_go_on() -> None:
    """A flood of messages hides neither the solve that follows nor itself."""
    flood = [said(each, "BOT") for each in range(9)]
    machine = told(opened(), *flood, turned(50, "SOLVED"))
    row = ticket(machine)
    assert (row.status, row.messages, row.events_left_out, row.flags) == ("solved", 3, 6, ("too_many_events",))
    assert len(rows(machine, TicketMessageRow)) == 3


@pytest.mark.usefixtures("short")
def test_an_earlier_message_that_comes_late_takes_the_place_of_a_later_one() -> None:
    """In reverse order the same messages are in the figures."""
    flood = [said(each, "AGENT") for each in range(9)]
    assert figures(told(opened(), *reversed(flood))) == figures(told(opened(), *flood))


@pytest.mark.usefixtures("short")
def test_repeated_events_of_a_full_ticket_stay_repeated() -> None:
    """What was left out is remembered, so a redelivery is not counted as more."""
    flood = [said(each, "BOT") for each in range(9)]
    assert ticket(told(opened(), *flood, *flood)).events_left_out == 6


def test_beyond_the_last_identity_nothing_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state has to fit into one record of the changelog, whatever a source sends for years."""
    monkeypatch.setattr(growth, "MESSAGES", 3)
    monkeypatch.setattr(growth, "CHANGES", 3)
    monkeypatch.setattr(gathering, "MOST_CLAIMS", 6)
    machine = told(opened(), *(said(each, "BOT") for each in range(20)))
    (state,) = machine.states.values()
    assert (len(state.notes), len(state.claims) // 24, state.revision) == (4, 6, 6)
    assert ticket(machine).events_left_out == 2
    solved = Machine()
    solved.feed_together(notes(opened(), *(said(each, "BOT") for each in range(20)), turned(50, "SOLVED")))
    assert ticket(solved).status == "solved"


def test_every_change_is_told_of() -> None:
    """A bot that hides every message moves the first reply each time, and each of them is a restatement."""
    messages = [said(each, "AGENT") for each in range(70)]
    machine = told(opened(), *messages, *(hidden(200 + place, each) for place, each in enumerate(messages[:-1])))
    told_of = {row.event_id for row in rows(machine, MetricChangeRow) if row.reason == "message changed"}
    assert len(told_of) == 69
    last = [row for row in changes(machine) if row.metric == "first_reply"][-1]
    assert last.new_value == hours(ticket(machine).first_reply_us)
    assert ticket(machine).public_replies == 1
    assert len(rows(machine, TicketRow)) == 1


def test_a_change_undone_in_its_own_moment_takes_its_row_away() -> None:
    """A batch that ended between the two wrote a span that no later batch would touch."""
    arrived = notes(opened(), turned(5, "PENDING", number=1), turned(5, "NEW", number=2))
    _, facts = gather(TICKET, None, [(note, bytes([place]) * 24) for place, note in enumerate(arrived)], Rules())
    (gone,) = facts.removed
    assert isinstance(gone, TicketSpanRow)
    assert gone.status == "pending"
