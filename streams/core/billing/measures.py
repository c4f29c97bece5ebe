"""What invoices, refunds, disputes and subscriptions add to the sums behind metrics. Numerators of money are micros."""

from collections.abc import Iterator, Sequence

from streams.core.billing.choices import PROFILES, SHIPPED, MrrPolicy
from streams.core.billing.dispute import Dispute
from streams.core.billing.dunning import Attempt, first_attempt, first_failure, is_collected, recovered
from streams.core.billing.invoice import Invoice, total
from streams.core.billing.invoice_rows import due_history, status
from streams.core.billing.money import micros
from streams.core.billing.receipt import Receipt
from streams.core.billing.receivable import books
from streams.core.billing.refund import Refund
from streams.core.billing.steps import Step, steps_of
from streams.core.billing.subscription import Phase, Subscription
from streams.core.billing.subscription_rows import trial_end, trial_of
from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.events import InvoiceIssued

HOUR = 3_600_000_000
TERMS = 30 * 24 * HOUR
"""After its issue an invoice without a due date is due, by the shipped terms of payment; microseconds."""
_OPEN: Measure = (0, ONE, None)
_SHIPPED = (MrrPolicy(PROFILES[0], 0, "default", SHIPPED[PROFILES[0]]),)


def _money(amount: int, denominator: int = 0) -> Measure:
    """An amount in micros, which people read in the currency's major unit."""
    return amount, denominator, amount / ONE


def invoice_measures(invoice: Invoice | None) -> Measures:
    """Return postings to the books, what banks took back, the first attempt to collect it and what came of dunning.

    Items of money begin with the currency. What came in is said by payments (payment_measures).
    """
    if invoice is None or invoice.is_test or not invoice.stored:
        return NO_MEASURES
    found: dict[Key, Measure] = {}
    for entry in books(invoice).entries:
        if entry.book == "receivable":
            found["receivable", f"{entry.currency}/{entry.name}", entry.at, ""] = _money(entry.amount)
    for name, back in invoice.returns.items():
        item = f"{back.currency}/returned/{name}"
        found["collections", item, back.returned_at, ""] = _money(-micros(back.amount, back.exponent))
    if invoice.payments or invoice.failures:
        _first_tried(found, invoice)
    if invoice.issued is not None:
        _due(found, invoice, invoice.issued)
    failure = first_failure(invoice)
    if failure is not None:
        _dunned(found, invoice, failure)
    return found


def _due(found: dict[Key, Measure], invoice: Invoice, issued: InvoiceIssued) -> None:
    """An invoice in the window of its due day; the item is its currency and when it was settled, microseconds.

    Whether that was late is a matter of days in the company's zone, and of time: the view of the log decides it. The
    item of one without a due date has /terms behind it: when it is due is what the payment terms of the time say.
    """
    made = books(invoice)
    if total(issued) <= 0 or invoice.voided is not None:
        return
    due = due_history(invoice, issued)
    told = due[max(due)][0]
    at, ending = (issued.issued_at + TERMS, "/terms") if told is None else (told, "")
    closed_at = made.closed_at
    item = f"{issued.currency}/{'' if closed_at is None else closed_at}{ending}"
    found["late_payment_rate", item, at, ""] = _OPEN if closed_at is None else (0, ONE, (closed_at - at) / (24 * HOUR))


def _first_tried(found: dict[Key, Measure], invoice: Invoice) -> None:
    tried = first_attempt(invoice) if is_collected(invoice) else None
    if tried is not None:
        found["payment_failure_rate", tried.currency, tried.at, ""] = (
            tried.amount * tried.is_failed,
            tried.amount,
            tried.amount / ONE,
        )


def _dunned(found: dict[Key, Measure], invoice: Invoice, failure: Attempt) -> None:
    """What failed and what came of it; the item of an outcome is empty until an event ends dunning."""
    later = max(recovered(invoice, failure), 0)
    within = min(failure.amount, later)
    found["recovery_rate", failure.currency, failure.at, ""] = (within, failure.amount, within / ONE)
    ended_by = _ended_by(invoice, later >= failure.amount)
    found["dunning_outcome", ended_by, failure.at, ""] = (ONE, ONE, 1.0) if ended_by else _OPEN


def _ended_by(invoice: Invoice, is_paid: bool) -> str:
    """paid, void, written_off or exhausted; empty while none holds, whether the days of dunning are over or not."""
    stands = status(invoice, books(invoice))
    if is_paid or stands == "paid":
        return "paid"
    if stands == "void":
        return "void"
    if stands in ("written_off", "credited"):
        return "written_off"
    return "exhausted" if invoice.dunning is not None and invoice.dunning.outcome == "EXHAUSTED" else ""


def receipt_measures(receipt: Receipt | None) -> Measures:
    """Return what banks took back of money that no invoice had."""
    if receipt is None or receipt.is_test:
        return NO_MEASURES
    return {
        ("collections", f"{back.currency}/returned/{back.return_id}", back.returned_at, ""): _money(
            -micros(back.amount, back.exponent)
        )
        for back in receipt.returns.values()
    }


def refund_measures(refund: Refund | None) -> Measures:
    """Return what left and did not come back, how long the customer waited for it, and whether it came back."""
    told = None if refund is None else refund.refunded
    if refund is None or told is None or refund.is_test:
        return NO_MEASURES
    at, failed = told.refunded_at, refund.failed is not None
    found: dict[Key, Measure] = {("refund_failure_rate", "", at, ""): (ONE * failed, ONE, float(failed))}
    if not failed:
        item = f"{told.currency}/{told.reason}" if told.reason else told.currency
        amount = micros(told.amount, told.exponent)
        found["refunded", item, at, ""] = _money(amount, ONE)
        found["refund_rate", told.currency, at, ""] = _money(amount)
        if told.requested_at is not None and told.requested_at <= at:
            waited = at - told.requested_at
            found["refund_turnaround", "", at, ""] = (waited, ONE, waited / HOUR)
    return found


def dispute_measures(dispute: Dispute | None) -> Measures:
    """Return the payment that a bank claimed back: one of the numerator of the chargeback rate, shown as its amount."""
    told = None if dispute is None else dispute.opened
    if dispute is None or told is None or dispute.is_test or told.payment_id is None:
        return NO_MEASURES
    return {
        ("chargeback_rate", told.currency, told.occurred_at, ""): (ONE, 0, micros(told.amount, told.exponent) / ONE)
    }


def subscription_measures(subscription: Subscription | None) -> Measures:
    """Return every change of monthly revenue by the shipped policy, by currency, and what a trial led to."""
    if subscription is None or subscription.is_test or not subscription.phases:
        return NO_MEASURES
    steps = steps_of(subscription.phases, _SHIPPED)
    found = dict(_moved(steps))
    _tried(found, subscription.phases, steps)
    return found


def _moved(steps: Sequence[Step]) -> Iterator[tuple[Key, Measure]]:
    currency, total = "", 0
    for step in steps:
        now = step.total if step.lines else 0
        if total and step.currency != currency:
            yield ("mrr", currency, step.at, ""), _money(-total)
            total = 0
        if now != total:
            yield ("mrr", step.currency, step.at, ""), _money(now - total)
        currency, total = step.currency, now


def _tried(found: dict[Key, Measure], phases: Sequence[Phase], steps: Sequence[Step]) -> None:
    """A trial in the window of its end; it converted where revenue follows, by the shipped policy."""
    trial = trial_of(phases)
    if trial is None:
        return
    ended = trial_end(phases[trial:])
    if ended is None:
        return
    later = steps if trial == 0 else steps_of(phases[trial:], _SHIPPED)
    converted = any(step.total > 0 for step in later)
    found["trial_conversion", "", ended, ""] = (ONE * converted, ONE, float(converted))
