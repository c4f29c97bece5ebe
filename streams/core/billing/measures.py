"""What invoices, refunds, disputes and subscriptions add to the sums behind metrics. Numerators of money are micros."""

from collections.abc import Iterator

from streams.core.billing.choices import PROFILES, SHIPPED, MrrPolicy
from streams.core.billing.dispute import Dispute
from streams.core.billing.invoice import Invoice
from streams.core.billing.money import micros
from streams.core.billing.receipt import Receipt
from streams.core.billing.receivable import PUBLISHED, books
from streams.core.billing.refund import Refund
from streams.core.billing.steps import steps_of
from streams.core.billing.subscription import Subscription
from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures

HOUR = 3_600_000_000
_SHIPPED = (MrrPolicy(PROFILES[0], 0, "default", SHIPPED[PROFILES[0]]),)


def _money(amount: int, denominator: int = 0) -> Measure:
    """An amount in micros, which people read in the currency's major unit."""
    return amount, denominator, amount / ONE


def invoice_measures(invoice: Invoice | None) -> Measures:
    """Return every posting to the books and every payment; items begin with the currency."""
    if invoice is None or invoice.is_test or not invoice.stored:
        return NO_MEASURES
    found: dict[Key, Measure] = {}
    for entry in books(invoice).entries:
        if entry.book in PUBLISHED:
            found["receivable", f"{entry.currency}/{entry.name}", entry.at, ""] = _money(entry.amount)
    for paid in invoice.payments.values():
        item = f"{paid.currency}/{paid.payment_id}"
        found["collections", item, paid.paid_at, ""] = _money(micros(paid.amount, paid.exponent), ONE)
    for name, back in invoice.returns.items():
        item = f"{back.currency}/returned/{name}"
        found["collections", item, back.returned_at, ""] = _money(-micros(back.amount, back.exponent))
    return found


def receipt_measures(receipt: Receipt | None) -> Measures:
    """Return what banks took back of money that no invoice had; what of a payment waits rests on several entities."""
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
        found["refunded", item, at, ""] = _money(micros(told.amount, told.exponent), ONE)
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
    """Return every change of monthly revenue by the shipped policy, in the currency of the contract."""
    if subscription is None or subscription.is_test or not subscription.phases:
        return NO_MEASURES
    return dict(_moved(subscription))


def _moved(subscription: Subscription) -> Iterator[tuple[Key, Measure]]:
    currency, total = "", 0
    for step in steps_of(subscription.phases, _SHIPPED):
        now = step.total if step.lines else 0
        if total and step.currency != currency:
            yield ("mrr", currency, step.at, ""), _money(-total)
            total = 0
        if now != total:
            yield ("mrr", step.currency, step.at, ""), _money(now - total)
        currency, total = step.currency, now
