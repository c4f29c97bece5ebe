"""Facts that invoices hand over to the health of their account: what is receivable by due day, what fails.

What is open goes into cells by due day (0 without one) and currency as it is posted, and moves where a due date moves.
A payment fails from when an attempt failed, or a bank took a payment back, for as long as something is receivable.
"""

from collections.abc import Iterator
from typing import NamedTuple

from streams.core.billing.attempts import failure_name
from streams.core.billing.facts import Fact as Posted
from streams.core.billing.invoice import Due, Invoice
from streams.core.billing.receivable import Books, Entry
from streams.core.events import DueDateChanged, InvoicePaymentFailed
from streams.core.health.facts import Fact, Happened, Level, LevelName, day_of


class Strain(NamedTuple):
    """The strain on an invoice: its payment fails, and dunning goes on for it."""

    fails: bool
    is_dunned: bool


class Cause(NamedTuple):
    """The event behind a fact: when it counts, when it was stored (microseconds), its name in the invoice, its id."""

    at: int
    stored_at: int
    name: str
    event_id: str

    @classmethod
    def of(cls, posted: Posted) -> "Cause":
        return cls(posted.at, posted.ingested_at, f"{posted.kind}/{posted.reference}", posted.event_id)


def strain_of(invoice: Invoice, books: Books) -> Strain:
    """Return how the invoice stands with these books."""
    fails = invoice.tries.failing_at is not None and books.open > 0
    return Strain(fails, fails and invoice.ended is None)


def strained(invoice: Invoice, was: Strain, now: Strain, by: Cause) -> Iterator[Fact]:
    """Yield what an event has changed of how the invoice stands; cells by the day of the first failure."""
    since = invoice.tries.failing_at
    if was == now or since is None or invoice.is_test:
        return
    at, place, day = min(by.at, by.stored_at), by.name, day_of(since)
    if was.fails != now.fails:
        number = 1 if now.fails else -1
        yield _level(invoice, at, f"payments_failing/{place}", by.event_id, "payments_failing", number, day)
    if was.is_dunned != now.is_dunned:
        number = 1 if now.is_dunned else -1
        yield _level(invoice, at, f"dunning_open/{place}", by.event_id, "dunning_open", number, day)


def receivable(invoice: Invoice, entry: Entry) -> Fact:
    """Return what a posting adds to what is receivable. One that is dated ahead counts since it is known."""
    at, place = min(entry.at, entry.ingested_at), f"receivable/{entry.name}"
    day = _due_day(invoice.due)
    return _level(invoice, at, place, entry.event_id, "receivable", entry.amount, day, entry.currency)


def put_off(invoice: Invoice, event: DueDateChanged, stored_at: int, was: Due, now: Due) -> Iterator[Fact]:
    """Yield that what is open falls due on another day."""
    issued, amount = invoice.issued, invoice.books.open
    before, after = _due_day(was), _due_day(now)
    if issued is None or not amount or before == after or invoice.is_test:
        return
    at, place, currency = min(now.valid_from, stored_at), f"{event.event_id}/{event.source}", issued.currency
    yield _level(invoice, at, f"due/{place}/off", event.event_id, "receivable", -amount, before, currency)
    yield _level(invoice, at, f"due/{place}/on", event.event_id, "receivable", amount, after, currency)


def failed(invoice: Invoice, event: InvoicePaymentFailed) -> Fact:
    """Return that an attempt to collect the invoice failed."""
    place = f"payment_failed/{failure_name(event)}"
    return Happened(event.occurred_at, "invoice", invoice.invoice_id, place, event.event_id, "payment_failed")


def _due_day(due: Due | None) -> int:
    return 0 if due is None or due.due_at is None else day_of(due.due_at)


def _level(
    invoice: Invoice,
    at: int,
    place: str,
    event_id: str,
    name: LevelName,
    number: int,
    day: int,
    unit: str = "",
) -> Level:
    return Level(at, "invoice", invoice.invoice_id, place, event_id, name, number, day, unit)
