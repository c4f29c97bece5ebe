"""The alarms of tickets: silent over every odd life, and red as soon as the code that makes the rows is wrong."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks.clickhouse import ClickHouseSink
from sinks.port import RowTuple
from sinks.settings import Warehouse
from streams.core.algebra import RecordedEvent
from streams.core.events import TicketDeleted, TicketEscalated, TicketMerged, TicketRestored, TicketSolved
from streams.core.support import life, solving, ticket_rows
from streams.core.support.life import Life, Standing
from streams.core.support.messages import Message
from streams.core.support.ticket import Ticket
from tests.sinks.conftest import Migrated
from tests.support.histories_support import support_histories
from tests.support.machine import run
from tests.support.tickets import made, opened, recorded_events, reopened, said, turned

LIVES: dict[str, list[RecordedEvent]] = {
    "plain": recorded_events(
        opened(), said(1, "REQUESTER"), said(2, "AGENT"), turned(3, "PENDING"), turned(5, "SOLVED")
    ),
    "again": recorded_events(
        opened(), turned(1, "SOLVED"), turned(2, "OPEN"), turned(3, "SOLVED"), turned(4, "CLOSED")
    ),
    "anew": recorded_events(opened(), turned(1, "SOLVED"), made(TicketSolved, 2), turned(3, "OPEN")),
    "closed": recorded_events(opened(), turned(1, "SOLVED"), turned(2, "OPEN"), turned(3, "CLOSED"), reopened(4)),
    "unsolved": recorded_events(opened(), turned(3, "CLOSED")),
    "moment": recorded_events(opened(), turned(1, "SOLVED"), reopened(1), turned(2, "HOLD")),
    "crossed": recorded_events(opened(5), turned(1, "SOLVED"), turned(2, "OPEN"), turned(3, "SOLVED")),
    "born_solved": recorded_events(opened(status="SOLVED"), turned(2, "OPEN")),
    "deleted": recorded_events(
        opened(), turned(1, "SOLVED"), made(TicketDeleted, 2), turned(3, "OPEN"), made(TicketRestored, 4)
    ),
    "merged": recorded_events(opened(), made(TicketMerged, 1, target_ticket_id="T2"), turned(2, "SOLVED")),
    "escalated": recorded_events(opened(), made(TicketEscalated, 1, kind="FUNCTIONAL")),
    "unknown": recorded_events(turned(1, "SOLVED"), said(2, "REQUESTER")),
}
GAP = "a_ticket_lives_in_spans_without_gap"
STOCK = "backlog_is_opened_and_reopened_less_solved"
COUNTS = "a_ticket_counts_what_happened_to_it"
STORY = "a_ticket_and_its_rows_tell_one_story"
RING = "merges_do_not_go_in_a_ring"
Told = dict[str, set[str]]
Alarms = Callable[[dict[str, list[RecordedEvent]]], Told]


def rows(lives: dict[str, list[RecordedEvent]]) -> dict[str, list[RowTuple]]:
    """Rows of every life, each in an account of its own, as the core makes them now."""
    tables: defaultdict[str, list[RowTuple]] = defaultdict(list)
    for account, told in lives.items():
        own = [
            RecordedEvent(msgspec.structs.replace(recorded.event, account_id=account), recorded.ingested_at)
            for recorded in told
        ]
        for row in run(own).tables.values():
            tables[row.TABLE].append((*msgspec.structs.astuple(row), 1, 0))
    return dict(tables)


@pytest.fixture
def alarms(client: Client, empty: Callable[[Warehouse], Migrated]) -> Alarms:
    """Insert what the core makes of lives into empty tables; return the accounts that each broken invariant names."""

    def told(lives: dict[str, list[RecordedEvent]]) -> Told:
        warehouse, generation = empty(Warehouse())
        ClickHouseSink(client, generation, checked=True).insert(rows(lives))
        found: defaultdict[str, set[str]] = defaultdict(set)
        asked = f"SELECT invariant, account_id, events FROM {warehouse.database}.broken_invariant"
        for invariant, account, events in client.execute(asked):
            assert events, invariant
            assert set(events) <= {recorded.event.event_id for recorded in lives[account]}
            found[invariant].add(account)
        return dict(found)

    return told


@pytest.mark.servers
def test_odd_lives_are_sound(alarms: Alarms) -> None:
    """An alarm that rings for a restored ticket is switched off before the first real one."""
    assert alarms(LIVES) == {}


@pytest.mark.servers
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(lives=st.lists(support_histories(), min_size=25, max_size=25))
def test_lives_that_nobody_thought_of_are_sound(alarms: Alarms, lives: list[list[RecordedEvent]]) -> None:
    """Only rings of merges are true of what sources may say; all else would be the fault of the rows."""
    assert alarms({f"a{at}": told for at, told in enumerate(lives)}).keys() <= {RING}


@pytest.mark.servers
def test_a_ring_of_merges_is_told(alarms: Alarms) -> None:
    """No ticket of it knows more than its own merge."""
    ring = [
        *recorded_events(opened(ticket_id="T1", number=1), opened(ticket_id="T2", number=2)),
        *recorded_events(
            made(TicketMerged, 1, ticket_id="T1", target_ticket_id="T2", number=3),
            made(TicketMerged, 2, ticket_id="T2", target_ticket_id="T1", number=4),
        ),
    ]
    assert alarms({"ring": ring, "merged": LIVES["merged"]}) == {RING: {"ring"}}


@pytest.mark.servers
def test_a_solved_ticket_left_in_the_backlog_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stock would only ever grow."""
    monkeypatch.setattr(life, "NOT_BACKLOG", frozenset({"closed", "deleted", "merged", "spam"}))
    told = alarms(LIVES)
    assert {"plain", "again", "anew", "born_solved"} <= told[STOCK]
    assert "escalated" not in told[STOCK]


@pytest.mark.servers
def test_a_span_that_is_lost_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hole in a ticket's life is a hole in the backlog of those days."""
    true = ticket_rows.span_row

    def holed(told: Ticket, from_at: int, until_at: int | None, standing: Standing) -> Any:
        return true(told, from_at, None if until_at is None else until_at - 1, standing)

    monkeypatch.setattr(ticket_rows, "span_row", holed)
    assert {"plain", "again", "anew", "closed", "unsolved", "merged"} <= alarms(LIVES)[GAP]


@pytest.mark.servers
def test_a_reopening_that_is_not_told_of_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reopen rate would be a pleasant one."""
    true = solving._reopened

    def silent(told: Ticket, recorded: RecordedEvent, by: str, *, by_message: bool) -> None:
        true(told, recorded, by, by_message=by_message)
        if told.life.solve is not None:
            told.life.solve.reopened_at = None
            told.life.reopens = 0

    monkeypatch.setattr(solving, "_reopened", silent)
    assert {"anew", "born_solved"} <= alarms(LIVES)[STOCK]


@pytest.mark.servers
def test_a_solve_that_comes_back_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ticket says that it was solved by what its rows say was undone."""
    monkeypatch.setattr(Life, "last_solved_at", property(lambda told: told.solve.at if told.solve else None))
    assert alarms(LIVES)[STORY] == {"anew", "born_solved", "moment", "closed", "deleted"}


@pytest.mark.servers
def test_a_message_counted_twice_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies per ticket and out-of-hours shares go by them."""
    monkeypatch.setattr(Message, "by_requester", property(lambda _: True))
    assert alarms(LIVES)[COUNTS] == {"plain"}
