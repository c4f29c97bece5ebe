"""Rows of what moves money back, away or not at all: refunds, disputes, payouts, signed acts."""

from typing import Annotated, ClassVar

from streams.core.columns import (
    AccountId,
    Currency,
    EventId,
    Flags,
    Ingested,
    InvoiceId,
    IsTest,
    Label,
    Moment,
    PaymentId,
    Row,
    Source,
    doc,
)


class RefundRow(Row, frozen=True, gc=False):
    """Refunds as they stand after every correction: one row per refund."""

    TABLE: ClassVar[str] = "refund"
    KEY: ClassVar[int] = 2
    account_id: AccountId
    refund_id: Annotated[str, doc("Refund; a payment may have several")]
    payment_id: PaymentId
    invoice_id: InvoiceId
    status: Annotated[Label, doc("refunded; failed, the money is back; incomplete while only the failure is known")]
    amount_micros: Annotated[int, doc("What was given back, in millionths of the currency's major unit")]
    currency: Currency
    requested_at: Annotated[Moment | None, doc("When the customer asked for it, UTC; NULL when not told")]
    refunded_at: Annotated[Moment | None, doc("When the money left, UTC; NULL while incomplete")]
    failed_at: Annotated[Moment | None, doc("When it came back, UTC; NULL unless the refund failed")]
    reason: Annotated[Label, doc("Reason code or words of the source; empty when not told")]
    failure_code: Annotated[Label, doc("Code of the processor for a failure; empty without one")]
    ticket_id: Annotated[str, doc("Ticket in which it was asked for; empty when not told")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class DisputeRow(Row, frozen=True, gc=False):
    """Disputes as they stand after every correction: one row per dispute."""

    TABLE: ClassVar[str] = "dispute"
    KEY: ClassVar[int] = 2
    account_id: AccountId
    dispute_id: Annotated[str, doc("Dispute of an invoice, or claim of a payment by the customer's bank")]
    invoice_id: InvoiceId
    payment_id: PaymentId
    is_chargeback: Annotated[bool, doc("1 when a payment is claimed back, 0 for the dispute of an invoice alone")]
    status: Annotated[
        Label, doc("open; won by us, lost, withdrawn or unknown once closed; incomplete while only the end is known")
    ]
    amount_micros: Annotated[int, doc("What is disputed, in millionths of the currency's major unit")]
    fee_micros: Annotated[int, doc("Fee of the processor for it, in millionths of the currency's major unit")]
    currency: Currency
    opened_at: Annotated[Moment | None, doc("When it was opened, UTC; NULL while incomplete")]
    closed_at: Annotated[Moment | None, doc("When it was closed, UTC; NULL while open")]
    reason: Annotated[Label, doc("Reason code or words of the source; empty when not told")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class PayoutRow(Row, frozen=True, gc=False):
    """Payouts of processors as they stand after every correction: one row per payout."""

    TABLE: ClassVar[str] = "payout"
    KEY: ClassVar[int] = 2
    account_id: AccountId
    payout_id: Annotated[str, doc("Payout")]
    amount_micros: Annotated[int, doc("What was paid out, in millionths of the currency's major unit")]
    fees_micros: Annotated[int, doc("Fees kept back, in millionths of the currency's major unit")]
    balance_change_micros: Annotated[
        int, doc("What the balance at the processor grew by, in millionths of the currency's major unit")
    ]
    currency: Currency
    period_start: Annotated[Moment, doc("Start of the period paid out, UTC")]
    period_end: Annotated[Moment, doc("End of that period, UTC, exclusive")]
    settled_at: Annotated[Moment, doc("When it was paid out, UTC")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class ActRow(Row, frozen=True, gc=False):
    """Signed acts of acceptance as they stand after every correction: one row per act."""

    TABLE: ClassVar[str] = "act"
    KEY: ClassVar[int] = 2
    account_id: AccountId
    act_id: Annotated[str, doc("Act")]
    invoice_id: InvoiceId
    contract_id: Annotated[str, doc("Contract that it belongs to; empty when not told")]
    amount_micros: Annotated[int, doc("What was accepted, in millionths of the currency's major unit")]
    currency: Currency
    signed_at: Annotated[Moment, doc("When it was signed, UTC")]
    period_start: Annotated[Moment | None, doc("Start of the work accepted, UTC; NULL when not told")]
    period_end: Annotated[Moment | None, doc("End of that period, UTC, exclusive; NULL when not told")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested
