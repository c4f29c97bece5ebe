"""Attempts to collect an invoice: which was the first, which failed first, what was paid since."""

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing.collection import Attempt, Failure
from streams.core.billing.money import micros, within
from streams.core.events import InvoiceIssued, InvoicePaid, InvoicePaymentFailed, PaymentReturned


class PaidAt(msgspec.Struct, array_like=True, gc=False):
    """Payments at the latest moment at which anything was, micros by currency."""

    at: int = -1
    amounts: dict[str, int] = {}


class Tries(msgspec.Struct, array_like=True, gc=False):
    """The attempts so far.

    `first` is the earliest, `failed` the earliest that failed at once. Since `failing_at` something had failed, at
    once or because a bank took it back (None before); `paid_since` is what was paid from then on, micros by currency.
    """

    first: RecordedEvent | None = None
    failed: Failure | None = None
    failing_at: int | None = None
    paid_since: dict[str, int] = {}
    newest: PaidAt = msgspec.field(default_factory=PaidAt)

    def add(self, event: object) -> None:
        """Take an attempt or a return, in order of time; a payment may come later than it was received."""
        match event:
            case InvoicePaid():
                self._paid(event)
            case InvoicePaymentFailed():
                failure = failure_of(event)
                if self.failed is None or _place(failure) < _place(self.failed):
                    self.failed = failure
                self._failing(event.occurred_at)
            case PaymentReturned():
                self._failing(event.returned_at)

    def _failing(self, at: int) -> None:
        if self.failing_at is None:
            self.failing_at = at
            if self.newest.at >= at:
                self.paid_since = dict(self.newest.amounts)
            self.newest = PaidAt()

    def _paid(self, event: InvoicePaid) -> None:
        if self.failing_at is None:
            if event.paid_at > self.newest.at:
                self.newest = PaidAt(event.paid_at, {})
            if event.paid_at < self.newest.at:
                return
            amounts = self.newest.amounts
        elif event.paid_at >= self.failing_at:
            amounts = self.paid_since
        else:
            return
        amounts[event.currency] = within(amounts.get(event.currency, 0) + micros(event.amount, event.exponent))


def _place(failure: Failure) -> tuple[int, int, str]:
    return failure.at, failure.attempt_no, failure.attempt_id


def attempt_of(recorded: RecordedEvent) -> Attempt:
    """Return the attempt that an event tells of: a payment, or that there was none."""
    event = recorded.event
    if isinstance(event, InvoicePaid):
        amount = micros(event.amount, event.exponent)
        return Attempt(event.paid_at, event.attempt_no, f"paid:{event.payment_id}", event.currency, amount, False)
    assert isinstance(event, InvoicePaymentFailed)
    failure = failure_of(event)
    return Attempt(*_place(failure), failure.currency, failure.amount, True)


def failure_of(event: InvoicePaymentFailed) -> Failure:
    amount = micros(event.amount, event.exponent)
    return Failure(event.occurred_at, event.attempt_no, f"failed:{failure_name(event)}", event.currency, amount)


def failure_name(event: InvoicePaymentFailed) -> str:
    """Return the identity of a failed attempt: its payment and number, or the event where the payment has no id."""
    if event.payment_id is not None:
        return f"{event.payment_id}/{event.attempt_no}"
    return f"{event.event_id}/{event.source}"


def is_collected(issued: InvoiceIssued) -> bool:
    """Return whether the first attempt of a recurring invoice counts in the payment failure rate."""
    return issued.billing_reason != "TRIAL_END" and issued.collection_method != "SEND_INVOICE"


_OF_SUBSCRIPTIONS = frozenset({"SUBSCRIPTION_START", "TRIAL_END", "RENEWAL", "CHANGE"})


def is_recurring(issued: InvoiceIssued) -> bool:
    """Return whether a subscription is billed; where no line says so, the reason does."""
    if issued.lines:
        return any(line.kind == "SUBSCRIPTION" or line.subscription_id is not None for line in issued.lines)
    return issued.billing_reason in _OF_SUBSCRIPTIONS
