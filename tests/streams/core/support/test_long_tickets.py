"""Long tickets: an event at the end costs the same whatever came before it, and nothing is left out."""

from collections.abc import Iterator

import msgspec
import pytest

from streams.core import segments
from streams.core.algebra import RecordedEvent
from streams.core.events import Event, SlaTargetApplied, TicketAssigned, TicketPriorityChanged
from streams.core.machine import Machine as Core
from streams.core.routes import BY_PREFIX, KINDS
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_ticket import TicketMessageRow, TicketRow
from streams.core.support.projection import TICKET
from streams.core.support.sla_policy import METRICS, Limit, SlaPolicy
from tests.support.machine import changes
from tests.support.tickets import (
    HOUR,
    OFFICE,
    hidden,
    hours,
    made,
    opened,
    recorded_events,
    reopened,
    rows,
    said,
    ticket,
    told,
    turned,
)

EVERY = SlaPolicy(
    0,
    "all",
    0,
    "v1",
    True,
    "",
    ((),) * 5,
    tuple(Limit(metric, "", 4 * HOUR, metric != "resolution") for metric in METRICS),
)
RULES = msgspec.structs.replace(OFFICE, sla=(EVERY,))
AROUND = 20
"""Events of one round of a life."""


def life(rounds: int) -> Iterator[Event]:
    """A ticket that is talked about, handed round, solved and reopened again and again."""
    yield opened(group_id="first")
    for each in range(rounds):
        at, number = each + 0.01, each * 1_000
        yield said(at, "REQUESTER")
        yield said(at + 0.05, "BOT")
        yield said(at + 0.10, "AGENT")
        yield said(at + 0.15, "AGENT", is_public=False, message_id=f"note{each}")
        yield made(TicketAssigned, at + 0.20, number=number + 1, assignee_id=f"a{each % 3}")
        yield turned(at + 0.25, "PENDING", number=number + 2)
        yield said(at + 0.30, "REQUESTER")
        yield turned(at + 0.35, "OPEN", number=number + 3)
        yield made(TicketPriorityChanged, at + 0.40, number=number + 4, priority=("low", "high")[each % 2])
        yield said(at + 0.45, "AGENT")
        yield hidden(at + 0.46, said(at + 0.45, "AGENT"))
        yield turned(at + 0.50, "HOLD", number=number + 5)
        yield made(SlaTargetApplied, at + 0.55, number=number + 6, metric="next_reply", target_s=60, instance_no=each)
        yield said(at + 0.60, "AGENT")
        yield turned(at + 0.70, "SOLVED", number=number + 7)
        yield said(at + 0.75, "REQUESTER")
        yield reopened(at + 0.75, number=number + 8)
        yield said(at + 0.80, "AGENT")
        yield turned(at + 0.85, "CLOSED", number=number + 9)
        yield turned(at + 0.90, "OPEN", number=number + 10)


class Counted:
    """A store that counts what is read and written, and how many events are folded."""

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}
        self.read = 0

    def get(self, name: bytes) -> bytes | None:
        self.read += 1
        return self.records.get(name)

    def take(self, recorded: RecordedEvent, number: int) -> tuple[int, int, int, int]:
        """Take an event as a batch of its own; return (records read, bytes written, events folded, rows written)."""
        core, before, rows = Core(self.get, RULES, BY_PREFIX, {}, stage=KINDS.stage), self.read, 0
        for facts in core.take(TICKET, recorded, number.to_bytes(24, "big"), 300):
            rows += len(facts.rows) + len(facts.removed)
        core.save()
        written = {name: value for name, value in core.changes.items() if value is not None}
        self.records |= written
        return self.read - before, sum(map(len, written.values())), core.work, rows


def test_a_message_or_a_change_costs_the_same_after_ten_events_and_after_thousands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot in a loop must slow down nobody: neither its own ticket nor those that share a worker with it."""
    monkeypatch.setattr(segments, "CHUNK", 2)  # a record of the index is full from the beginning on
    store = Counted()
    costs = [store.take(recorded, number) for number, recorded in enumerate(recorded_events(*life(100)))]
    early, late = costs[AROUND : 5 * AROUND], costs[-4 * AROUND :]
    for first, last in zip(zip(*early, strict=True), zip(*late, strict=True), strict=True):
        assert max(last) <= max(first) * 1.2 + 8
        assert sum(last) <= sum(first) * 1.2


def test_nothing_is_left_out_of_a_flood() -> None:
    """Whatever a bot sends, figures are those of all of it, and what follows is taken in."""
    flood = [said(each / 10, "BOT") for each in range(400)]
    machine = told(opened(), *flood, turned(50, "SOLVED"))
    row = ticket(machine)
    assert (row.status, row.messages, row.flags) == ("solved", 400, ())
    assert len(rows(machine, TicketMessageRow)) == 400


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
