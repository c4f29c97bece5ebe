"""What one more event of money costs behind many: what is folded and written for it must not grow with what came."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from streams.core.algebra import RecordedEvent, fingerprint_of
from streams.core.machine import Machine
from streams.core.routes import BY_PREFIX, KINDS, LEDGERS, reducer_of
from streams.core.rules import Rules
from tests.support.invoices import failed, issued, paid
from tests.support.money import applied, charged_back, received, refunded, returned

Told = Callable[[int], Sequence[RecordedEvent]]


def payments(number: int) -> Sequence[RecordedEvent]:
    """An invoice that is paid in ever more parts."""
    return [paid(1 + number, 100, f"P{number:05d}")] if number else [issued(1, 10**9)]


def failures(number: int) -> Sequence[RecordedEvent]:
    """An invoice that nobody gets paid, three attempts a payment."""
    if not number:
        return [issued(1, 10**9)]
    return [failed(1 + number, 100, payment_id=f"P{number // 3}", attempt_no=1 + number % 3)]


def returns(number: int) -> Sequence[RecordedEvent]:
    """An invoice of which every payment comes back."""
    if not number:
        return [issued(1, 10**9)]
    name = f"P{number:05d}"
    return [paid(1 + number, 100, name), returned(1.5 + number, 100, name, return_id=f"X{number}")]


def transfer(number: int) -> Sequence[RecordedEvent]:
    """One payment for ever more invoices."""
    name = f"I{number:05d}"
    return [issued(1, 100, invoice_id=name), paid(2, 100, invoice_id=name, payment_amount=10**9)]


def account(number: int) -> Sequence[RecordedEvent]:
    """An account that pays one invoice after the other, as asked."""
    name = f"I{number:05d}"
    return [issued(1 + number, 100, invoice_id=name), paid(1.5 + number, 100, f"P{number}", invoice_id=name)]


def refunds(number: int) -> Sequence[RecordedEvent]:
    """An account that gets one payment after the other back, of which none had left credit."""
    return [refunded(1 + number, 100, f"P{number}", refund_id=f"R{number}")]


def chargebacks(number: int) -> Sequence[RecordedEvent]:
    """An account whose bank takes one payment after the other back."""
    return [charged_back(1 + number, 100, f"P{number}", dispute_id=f"D{number}")]


def uses(number: int) -> Sequence[RecordedEvent]:
    """Invoices that each use a little of one credit."""
    if not number:
        return [received(1, 10**9)]
    name = f"I{number:05d}"
    return [issued(1 + number, 100, invoice_id=name), applied(1.5 + number, 100, name, application_id=f"A{number}")]


def costs(told: Told, count: int) -> list[tuple[int, int]]:
    """(items folded, bytes written) for each step, each in a batch of its own."""
    store: dict[bytes, bytes] = {}
    found = []
    for number in range(count):
        machine = Machine(store.get, Rules(), BY_PREFIX, LEDGERS, stage=KINDS.stage)
        for recorded in told(number):
            content = msgspec.msgpack.encode(recorded.event)
            one = fingerprint_of(recorded.event.source, recorded.event.event_id, content)
            list(machine.take(reducer_of(recorded.event), recorded, one, len(content)))
        machine.save()
        written = {name: value for name, value in machine.changes.items() if value is not None}
        store.update(written)
        found.append((machine.work, sum(len(name) + len(value) for name, value in written.items())))
    return found


@pytest.mark.parametrize("told", [payments, failures, returns, transfer, account])
def test_one_more_costs_what_it_did(told: Told) -> None:
    """Some invoices are paid card by card for years, some transfers pay a thousand: each one counts like the first."""
    found = costs(told, 260)
    early, late = found[30:80], found[-50:]
    for place in (0, 1):
        assert max(cost[place] for cost in late) <= 1.5 * max(cost[place] for cost in early)


@pytest.mark.parametrize("told", [refunds, chargebacks, uses])
def test_one_more_that_takes_credit_costs_what_it_did(told: Told) -> None:
    """Each of them may have to give it back, so all are remembered; a shop has ten thousand refunds."""
    found = costs(told, 600)
    for place in (0, 1):
        assert sum(cost[place] for cost in found[-64:]) <= 1.5 * sum(cost[place] for cost in found[32:96])


def test_who_pays_as_asked_has_no_ledger_of_credit() -> None:
    """Most accounts owe what they are asked for and nothing else; the ledger of those who do not is for them alone."""
    machine = Machine({}.get, Rules(), BY_PREFIX, LEDGERS, stage=KINDS.stage)
    for number in range(3):
        for recorded in account(number):
            list(machine.take(reducer_of(recorded.event), recorded, bytes([number]) * 24))
    machine.save()
    assert {chr(name[0]) for name in machine.changes} == {"b", "q", "j"}
