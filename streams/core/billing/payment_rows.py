"""Rows and entries of payments of an invoice, of what came back of them, and of every attempt to collect it."""

from streams.core.algebra import RecordedEvent
from streams.core.billing import payment_entries
from streams.core.billing.attempts import failure_of
from streams.core.billing.facts import used_at
from streams.core.billing.money import micros
from streams.core.billing.payment_entries import Failed, Paid, Returned, Told, Used
from streams.core.events import InvoiceIssued, InvoicePaid, InvoicePaymentFailed, PaymentReturned
from streams.core.outputs import Outputs
from streams.core.rows_receivable import PaymentAttemptRow, PaymentRow
from streams.core.rows_refund import PaymentReturnRow


def pay(
    recorded: RecordedEvent, event: InvoicePaid, issued: InvoiceIssued | None, is_test: bool, outputs: Outputs
) -> None:
    """Hand over a payment that names the invoice, and its payment of the part that the invoice had."""
    whole = None if event.payment_amount is None else micros(event.payment_amount, event.exponent)
    amount, at = micros(event.amount, event.exponent), used_at(event, issued)
    outputs.rows.append(
        PaymentRow(
            event.account_id,
            event.payment_id,
            event.invoice_id,
            event.currency,
            amount,
            whole,
            event.paid_at,
            at,
            event.method or "",
            event.attempt_no,
            event.is_partial,
            is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        )
    )
    member, cause = f"b{event.invoice_id}", (event.event_id, recorded.ingested_at)
    group = (is_test, event.currency, cause)
    payment_entries.hand_over(
        event.payment_id, outputs, Told(member, event.paid_at, whole or 0, False, event.source, *group)
    )
    if at == event.paid_at:
        payment_entries.hand_over(event.payment_id, outputs, Used(at, member, amount, amount, *group))
    else:
        came, used = Used(event.paid_at, member, amount, 0, *group), Used(at, member, 0, amount, *group)
        payment_entries.hand_over(event.payment_id, outputs, came, used)


def give_back(recorded: RecordedEvent, event: PaymentReturned, is_test: bool, outputs: Outputs) -> None:
    """Hand over a return that names the invoice, and its payment too."""
    outputs.rows.append(return_row(event, is_test, recorded.ingested_at))
    payment_entries.hand_over(
        event.payment_id,
        outputs,
        Returned(
            event.invoice_id or "",
            f"{event.return_id}/{event.payment_id}",
            event.returned_at,
            event.currency,
            micros(event.amount, event.exponent),
            event.return_code or "",
            is_test,
            event.event_id,
        ),
    )


def return_row(event: PaymentReturned, is_test: bool, ingested_at: int) -> PaymentReturnRow:
    return PaymentReturnRow(
        event.account_id,
        event.return_id,
        event.invoice_id or "",
        event.payment_id,
        micros(event.amount, event.exponent),
        event.currency,
        event.returned_at,
        event.return_code or "",
        is_test,
        event.source,
        event.event_id,
        ingested_at,
    )


def attempt(recorded: RecordedEvent, is_first: bool, is_test: bool, outputs: Outputs) -> None:
    """Tell of an attempt; of one that succeeded its payment tells, which knows whether it came back."""
    event = recorded.event
    if isinstance(event, InvoicePaid):
        amount = micros(event.amount, event.exponent)
        paid = Paid(
            event.invoice_id,
            event.paid_at,
            event.attempt_no,
            is_first,
            event.currency,
            amount,
            is_test,
            event.event_id,
        )
        payment_entries.hand_over(event.payment_id, outputs, paid)
        return
    assert isinstance(event, InvoicePaymentFailed)
    failure = failure_of(event)
    outputs.rows.append(
        PaymentAttemptRow(
            event.account_id,
            event.invoice_id,
            failure.attempt_id,
            "failed",
            event.occurred_at,
            event.attempt_no,
            is_first,
            event.currency,
            failure.amount,
            event.payment_id or "",
            event.failure_code or "",
            event.failure_kind,
            event.next_retry_at,
            is_test,
            event.event_id,
        )
    )
    if event.payment_id is not None:
        failed = Failed(event.invoice_id, event.attempt_no, event.occurred_at)
        payment_entries.hand_over(event.payment_id, outputs, failed)
