"""Work for accounts in tests: events by hours since a Monday, and the rows that they leave."""

from typing import Any, TypeVar

from streams.core.algebra import RecordedEvent
from streams.core.columns import Row
from streams.core.events import Event
from tests.support.machine import Machine, run
from tests.support.tickets import HOUR, MONDAY, rows

Kind = TypeVar("Kind", bound=Event)
Wanted = TypeVar("Wanted", bound=Row)


def at(hours: float) -> int:
    """Microseconds of a moment so many hours after the Monday."""
    return MONDAY + int(hours * HOUR)


def made(kind: type[Kind], hours: float, /, **fields: Any) -> Kind:
    """An event of an account, so many hours after the Monday; `number` makes its id."""
    number = fields.pop("number", int(hours * 100) * 100 + len(kind.EVENT_TYPE))
    envelope = {
        "event_id": f"00000000-0000-4000-8000-{number % 10**12:012d}",
        "account_id": "acme",
        "occurred_at": at(hours),
        "source": "tracker:main",
    }
    return kind(**(envelope | fields))


def told(*events: Event, late: int = 0) -> Machine:
    """What a partition knows after these events, each stored so many hours after it happened."""
    return run([RecordedEvent(event, event.occurred_at + late * HOUR) for event in events])


def one(machine: Machine, kind: type[Wanted]) -> Wanted:
    """The only row of a table."""
    (row,) = rows(machine, kind)
    return row
