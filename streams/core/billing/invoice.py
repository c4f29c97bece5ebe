"""The invoice: issued, paid, not paid, credited, written off, voided, put off; and what its events say together.

Events of an invoice come from several sources in any order, so nothing depends on which came first. The issue is
folded before all others, whatever its time: what the others do to the money depends on it. They follow in order of
their own time.
"""

import msgspec

from streams.core.algebra import EventKey
from streams.core.billing.attempts import Tries
from streams.core.billing.facts import Fact
from streams.core.billing.money import Wide, micros, total, wide
from streams.core.billing.receivable import Books
from streams.core.events import (
    CreditApplied,
    CreditNoteIssued,
    InvoiceEvent,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceWrittenOff,
    PaymentReturned,
)


class Due(msgspec.Struct, array_like=True, gc=False):
    """A due date that holds from a moment on, and its event's place in fold order; the issue's own has none."""

    valid_from: int
    due_at: int | None
    event_id: str
    place: EventKey | None = None


class Ended(msgspec.Struct, array_like=True, gc=False):
    """The end of dunning as the source states it, and the event's place in fold order."""

    place: EventKey
    outcome: str

    @property
    def at(self) -> int:
        return self.place[1]


class Sums(msgspec.Struct, array_like=True, gc=False):
    """Totals of an invoice in its currency, micros; how many there were of a kind, and when the first or last was.

    Times are microseconds, None where there was none. `written_off` are write-offs of an amount.
    """

    paid: Wide = 0
    returned: Wide = 0
    credited: Wide = 0
    applied: Wide = 0
    written_off: Wide = 0
    payments: int = 0
    failures: int = 0
    has_returns: bool = False
    has_uses: bool = False
    has_given_up_all: bool = False
    has_other_currency: bool = False
    first_paid_at: int | None = None
    last_paid_at: int | None = None
    first_failed_at: int | None = None
    first_lost_at: int | None = None
    last_lowered_at: int | None = None

    def add(self, event: InvoiceEvent, issued: InvoiceIssued | None) -> None:
        """Count an event other than an issue."""
        currency = None if issued is None else issued.currency
        match event:
            case InvoicePaid():
                self.payments += 1
                self.first_paid_at = _earlier(self.first_paid_at, event.paid_at)
                self.last_paid_at = _later(self.last_paid_at, event.paid_at)
                if event.currency == currency:
                    self.paid = wide(int(self.paid) + micros(event.amount, event.exponent))
            case PaymentReturned():
                self.has_returns = True
                if event.currency == currency:
                    self.returned = wide(int(self.returned) + micros(event.amount, event.exponent))
            case CreditApplied():
                self.has_uses = True
                if event.currency == currency:
                    self.applied = wide(int(self.applied) + micros(event.amount, event.exponent))
            case CreditNoteIssued():
                self.last_lowered_at = _later(self.last_lowered_at, event.occurred_at)
                if event.currency == currency:
                    self.credited = wide(int(self.credited) + micros(event.amount, event.exponent))
            case InvoiceWrittenOff():
                self._write_off(event, currency)
            case InvoicePaymentFailed():
                self.failures += 1
                self.first_failed_at = _earlier(self.first_failed_at, event.occurred_at)
                return
            case _:
                return
        self.has_other_currency |= event.currency not in (None, currency)

    def _write_off(self, event: InvoiceWrittenOff, currency: str | None) -> None:
        self.first_lost_at = _earlier(self.first_lost_at, event.occurred_at)
        self.last_lowered_at = _later(self.last_lowered_at, event.occurred_at)
        if event.amount is None:
            self.has_given_up_all = True
        elif event.exponent is not None and event.currency == currency:
            self.written_off = wide(int(self.written_off) + micros(event.amount, event.exponent))


def _earlier(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)


def _later(one: int | None, other: int) -> int:
    return other if one is None else max(one, other)


class Invoice(msgspec.Struct, array_like=True, gc=False):
    """An invoice between two events.

    `last` is the place in fold order of the newest event, None before the first. `waiting` are facts that are posted
    at a later slot than the one that their events have. Once another event has come, no issue follows: then
    `is_begun`, and of the issue all is kept but its lines, their `tax` in micros and whether they say that it
    `is_recurring`.
    """

    is_test: bool = False
    account_id: str = ""
    invoice_id: str = ""
    last: EventKey | None = None
    ingested_at: int = 0
    issued: InvoiceIssued | None = None
    issued_stored_at: int = 0
    issuers: set[str] = set()
    is_begun: bool = False
    tax: int = 0
    is_recurring: bool = False
    due: Due | None = None
    books: Books = msgspec.field(default_factory=Books)
    waiting: list[Fact] = []
    sums: Sums = msgspec.field(default_factory=Sums)
    tries: Tries = msgspec.field(default_factory=Tries)
    voided_at: int | None = None
    ended: Ended | None = None


def applied_sum(invoice: Invoice) -> int:
    """Credit that was to settle the invoice, at its issue and later, micros."""
    if invoice.issued is None:
        return 0
    return micros(invoice.issued.credit_applied, invoice.issued.exponent) + int(invoice.sums.applied)


def open_amount(invoice: Invoice, used: int, lost: int) -> int:
    """Return what is still owed, micros: worked out from totals, so that comparing it with the postings says something.

    How much credit could be used and what is lost depend on when returns and uses came, and are given. Where there are
    none of either, a write-off of all that is open ends it for good, and one of an amount counts once payments and
    credits are taken off.
    """
    issued, sums = invoice.issued, invoice.sums
    if issued is None:
        return 0
    kept = int(sums.paid) - int(sums.returned)
    if invoice.voided_at is not None:
        return max(-used - kept, 0)
    left = total(issued) - kept - int(sums.credited)
    if sums.has_returns or sums.has_uses:
        return max(left - used - lost, 0)
    if sums.has_given_up_all:
        return 0
    return max(max(left - micros(issued.credit_applied, issued.exponent), 0) - int(sums.written_off), 0)
