"""Tickets for tests: events by hours since their start, and the rows that they leave."""

from typing import Any, TypeVar

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.clock.schedule import Schedule
from streams.core.clock.worktime import Version
from streams.core.columns import Row
from streams.core.events import (
    Event,
    MessageAdded,
    MessageChanged,
    TicketCsatRated,
    TicketOpened,
    TicketReopened,
    TicketStatusChanged,
)
from streams.core.rows_ticket import TicketRow
from streams.core.rules import Rules
from tests.support.machine import Machine, run

HOUR = 3_600_000_000
MONDAY = 1_791_763_200_000_000
"""2026-10-12, midnight in UTC."""
START = MONDAY + 8 * HOUR
_DAY = ((9 * HOUR, 17 * HOUR),)
OFFICE = Rules(schedules=(Schedule("default", (Version(0, "UTC", (_DAY,) * 5 + ((), ())),)),))
"""Nine to five in UTC, Monday to Friday."""

Kind = TypeVar("Kind", bound=Event)
Wanted = TypeVar("Wanted", bound=Row)


def made(kind: type[Kind], hours: float, /, **fields: Any) -> Kind:
    """An event of ticket T1, that many hours after its start; `number` makes its id."""
    number = fields.pop("number", int(hours * 100) * 100 + len(kind.EVENT_TYPE))
    envelope = {
        "event_id": f"00000000-0000-4000-8000-{number % 10**12:012d}",
        "account_id": "acme",
        "occurred_at": START + int(hours * HOUR),
        "source": "zendesk:main",
        "ticket_id": "T1",
    }
    return kind(**(envelope | fields))


def opened(hours: float = 0, **fields: Any) -> TicketOpened:
    return made(TicketOpened, hours, **({"channel": "email", "requester_id": "c1"} | fields))


def said(hours: float, author: str, **fields: Any) -> MessageAdded:
    fields = {"message_id": f"{author}@{hours:g}", "author_id": author.lower()} | fields
    return made(MessageAdded, hours, author_type=author, number=int(hours * 100) * 100 + len(author) + 50, **fields)


def hidden(hours: float, message: MessageAdded) -> MessageChanged:
    return made(MessageChanged, hours, message_id=message.message_id, is_public=False)


def turned(hours: float, status: str, **fields: Any) -> TicketStatusChanged:
    return made(TicketStatusChanged, hours, to_status=status, **fields)


def reopened(hours: float, **fields: Any) -> TicketReopened:
    return made(TicketReopened, hours, **fields)


def rated(hours: float, score: float, **fields: Any) -> TicketCsatRated:
    scale = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
    return made(TicketCsatRated, hours, score=score, **(scale | fields))


def recorded_events(*events: Event, delay: int = HOUR) -> list[RecordedEvent]:
    return [RecordedEvent(event, event.occurred_at + delay) for event in events]


def told(*events: Event, rules: Rules | None = None, delay: int = HOUR) -> Machine:
    """What a partition knows after these events, each stored an hour after it happened unless told otherwise."""
    return run(recorded_events(*events, delay=delay), rules=rules)


def rows(machine: Machine, kind: type[Wanted]) -> list[Wanted]:
    """Rows of a table by their keys."""
    found = [row for row in machine.tables.values() if isinstance(row, kind)]
    return sorted(found, key=lambda row: msgspec.structs.astuple(row)[: row.KEY])


def ticket(machine: Machine) -> TicketRow:
    (row,) = rows(machine, TicketRow)
    return row


def hours(duration: int | None) -> float | None:
    """A duration, or a moment since the ticket's start, in hours."""
    return None if duration is None else duration / HOUR
