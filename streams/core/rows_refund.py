"""Rows of what moves money back, away or not at all: receipts, returns, refunds, disputes, payouts, signed acts."""

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
    Owner,
    PaymentId,
    Row,
    Source,
    doc,
)


class ReceiptRow(Row, frozen=True, gc=False):
    """Payments that came in before it was known what they pay: one row per payment."""

    TABLE: ClassVar[str] = "receipt"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "receipt"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("payment_id",)
    account_id: AccountId
    payment_id: PaymentId
    amount_micros: Annotated[int, doc("The whole payment, in millionths of the currency's major unit")]
    currency: Currency
    received_at: Annotated[Moment, doc("When the money was received, UTC")]
    method: Annotated[Label, doc("Way of payment, such as card; empty when not told")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class PaymentReturnRow(Row, frozen=True, gc=False):
    """Money that banks took back: one row per return, and payment and invoice that it concerns."""

    TABLE: ClassVar[str] = "payment_return"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "several"
    account_id: AccountId
    return_id: Annotated[str, doc("Return; the same one may concern several invoices")]
    invoice_id: InvoiceId
    payment_id: PaymentId
    amount_micros: Annotated[int, doc("What came back, in millionths of the currency's major unit")]
    currency: Currency
    returned_at: Annotated[Moment, doc("When the money left us again, UTC")]
    return_code: Annotated[Label, doc("Code of the bank or processor; empty when not told")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class CreditEntryRow(Row, frozen=True, gc=False):
    """The customer's credit, and what was given back beyond it: one row per posting; sums up to a time are balances."""

    TABLE: ClassVar[str] = "credit_entry"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "several"
    account_id: AccountId
    entry: Annotated[str, doc("Posting within the account, named for its cause")]
    at: Annotated[Moment, doc("When it counts from, UTC")]
    book: Annotated[
        Label,
        doc(
            "customer_credit (we owe the customer) or given_back (refunds and chargebacks of what had settled invoices)"
        ),
    ]
    kind: Annotated[
        Label,
        doc("left (by an invoice or payment), applied (used without being there), returned (likewise) or given_back"),
    ]
    invoice_id: InvoiceId
    payment_id: PaymentId
    currency: Currency
    amount_micros: Annotated[int, doc("What is added to the book, in millionths; below zero where it is lowered")]
    is_test: IsTest
    event_id: Annotated[str, doc("Event that caused the posting")]
    ingested_at: Ingested


class RefundRow(Row, frozen=True, gc=False):
    """Refunds as they stand after every correction: one row per refund."""

    TABLE: ClassVar[str] = "refund"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "refund"
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
    ENTITY: ClassVar[Owner] = "dispute"
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
    ENTITY: ClassVar[Owner] = "payout"
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
    ENTITY: ClassVar[Owner] = "act"
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
