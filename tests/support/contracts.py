"""Events of contracts for tests: short to write, in cents, on days counted from the start of histories."""

import itertools
from typing import Any

from streams.core.algebra import RecordedEvent
from streams.core.events import ContractSet, Event, RenewalDecided
from streams.core.rows_success import ContractRow, RenewalRow
from tests.support.histories import START
from tests.support.histories_success import DAY
from tests.support.machine import Machine

_NUMBERS = itertools.count(1)


def day(number: float) -> int:
    return START + int(number * DAY)


def envelope(at: float) -> dict[str, Any]:
    number = f"00000000-0000-4000-8000-{next(_NUMBERS):012d}"
    return {"event_id": number, "account_id": "acme", "occurred_at": day(at), "source": "crm:main"}


def contract(at: float, value: int = 100_00, **fields: Any) -> ContractSet:
    """A contract of 100 days from its first word on, in USD, told on a day."""
    known: dict[str, Any] = {
        "contract_id": "k1",
        "term_kind": "FIXED",
        "starts_at": day(at),
        "ends_at": day(at + 100),
        "annual_value": value,
        "currency": "USD",
        "exponent": 2,
    }
    return ContractSet(**(envelope(at) | known | fields))


def decided(at: float, outcome: str, amount: int = 0, **fields: Any) -> RenewalDecided:
    known: dict[str, Any] = {
        "contract_id": "k1",
        "outcome": outcome,
        "amount": amount,
        "currency": "USD",
        "exponent": 2,
        "decided_at": day(at),
    }
    return RenewalDecided(**(envelope(at) | known | fields))


def told(*events: Event, until: float = 1_000) -> Machine:
    """Each event is stored when it happens, and time passes in between and up to a day."""
    machine = Machine()
    for event in events:
        machine.tick(event.occurred_at)
        machine.feed(RecordedEvent(event, event.occurred_at))
    machine.tick(day(until))
    return machine


def renewals(machine: Machine) -> list[RenewalRow]:
    """Renewals in order of their terms."""
    return sorted((row for row in machine.tables.values() if isinstance(row, RenewalRow)), key=lambda row: row.term_no)


def contract_of(machine: Machine) -> ContractRow:
    (row,) = (row for row in machine.tables.values() if isinstance(row, ContractRow))
    return row
