"""Contributions of invoices, refunds, disputes and subscriptions to the sums behind metrics. Money is in micros."""

from collections.abc import Iterator

from streams.core.billing.money import micros
from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.events import DisputeOpened, PaymentRefunded, PaymentReturned
from streams.core.rows_receivable import InvoiceRow

HOUR = 3_600_000_000
TERMS = 30 * 24 * HOUR
"""After its issue an invoice without a due date is due, by the shipped terms of payment; microseconds."""
_OPEN: Measure = (0, ONE, None)


def of_money(amount: int, denominator: int = 0) -> Measure:
    """An amount in micros, which people read in the currency's major unit."""
    return amount, denominator, amount / ONE


def came_back(back: PaymentReturned, name: str) -> Iterator[tuple[Key, Measure]]:
    """Yield what banks took back; `name` is the return's within its entity."""
    yield (
        ("collections", f"{back.currency}/returned/{name}", back.returned_at, ""),
        of_money(-micros(back.amount, back.exponent)),
    )


def due_measure(row: InvoiceRow) -> Iterator[tuple[Key, Measure]]:
    """Yield an invoice in the window of its due day; the item is its currency and when it was settled, microseconds.

    Whether that was late is a matter of days in the company's zone, and of time: the view of the log decides it. The
    item of one without a due date has /terms behind it: when it is due is what the payment terms of the time say.
    """
    if row.total_micros <= 0 or row.status == "void" or row.issued_at is None:
        return
    at, ending = (row.issued_at + TERMS, "/terms") if row.due_at is None else (row.due_at, "")
    if row.closed_at is None:
        yield ("late_payment_rate", f"{row.currency}/{ending}", at, ""), _OPEN
    else:
        days = (row.closed_at - at) / (24 * HOUR)
        yield ("late_payment_rate", f"{row.currency}/{row.closed_at}{ending}", at, ""), (0, ONE, days)


def refund_measures(told: PaymentRefunded, failed: bool) -> Measures:
    """Return what left and did not come back, how long the customer waited for it, and whether it came back."""
    at = told.refunded_at
    found: dict[Key, Measure] = {("refund_failure_rate", "", at, ""): (ONE * failed, ONE, float(failed))}
    if not failed:
        item = f"{told.currency}/{told.reason}" if told.reason else told.currency
        amount = micros(told.amount, told.exponent)
        found["refunded", item, at, ""] = of_money(amount, ONE)
        found["refund_rate", told.currency, at, ""] = of_money(amount)
        if told.requested_at is not None and told.requested_at <= at:
            waited = at - told.requested_at
            found["refund_turnaround", "", at, ""] = (waited, ONE, waited / HOUR)
    return found


def claim_measures(told: DisputeOpened) -> Measures:
    """Return the payment that a bank claimed back: one of the numerator of the chargeback rate, shown as its amount."""
    if told.payment_id is None:
        return NO_MEASURES
    return {
        ("chargeback_rate", told.currency, told.occurred_at, ""): (ONE, 0, micros(told.amount, told.exponent) / ONE)
    }
