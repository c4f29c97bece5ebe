"""Rows that invoices leave behind: what is owed, what was paid, tried, credited and lost. Amounts are micros."""

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
    SubscriptionId,
    UInt32,
    doc,
)


class InvoiceRow(Row, frozen=True, gc=False):
    """Invoices as they stand after every payment and correction: one row per invoice."""

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    number: Annotated[str, doc("Number printed on the invoice; empty when not told")]
    status: Annotated[
        Label,
        doc("open, paid, credited, written_off, void, credit (below zero), or incomplete while the issue is not known"),
    ]
    currency: Currency
    issued_at: Annotated[Moment | None, doc("When it was issued, UTC; NULL while not known")]
    due_at: Annotated[Moment | None, doc("When it is due by the newest word, UTC; NULL leaves it to payment terms")]
    closed_at: Annotated[Moment | None, doc("Since when nothing of it is open, UTC; NULL while something is")]
    total_micros: Annotated[int, doc("What is asked for, tax included, in millionths; below zero for a credit invoice")]
    tax_micros: Annotated[int, doc("Tax within the total as far as lines tell, in millionths")]
    credit_applied_micros: Annotated[
        int, doc("Part of it that the customer's credit was to settle, at its issue or later, in millionths")
    ]
    paid_micros: Annotated[int, doc("Payments in the invoice's currency, in millionths")]
    returned_micros: Annotated[int, doc("Of that, what banks took back, in millionths")]
    credited_micros: Annotated[int, doc("Credit notes in the invoice's currency, in millionths")]
    written_off_micros: Annotated[int, doc("What stands written off, in millionths")]
    open_micros: Annotated[int, doc("What is still owed, in millionths; never below zero")]
    payments: Annotated[UInt32, doc("Payments that name the invoice")]
    last_paid_at: Annotated[Moment | None, doc("When the newest payment was received, UTC; NULL without any")]
    failed_attempts: Annotated[UInt32, doc("Attempts to collect it that failed")]
    first_failed_at: Annotated[Moment | None, doc("First attempt that failed, UTC; NULL without any")]
    dunning_outcome: Annotated[Label, doc("RECOVERED, EXHAUSTED or UNKNOWN as the source says; empty before it does")]
    dunning_ended_at: Annotated[Moment | None, doc("When the source ended collecting, UTC; NULL before it does")]
    collection_method: Annotated[Label, doc("CHARGE_AUTOMATICALLY, SEND_INVOICE or UNKNOWN; empty while incomplete")]
    billing_reason: Annotated[
        Label,
        doc("SUBSCRIPTION_START, TRIAL_END, RENEWAL, CHANGE, MANUAL or UNKNOWN; empty while incomplete"),
    ]
    is_recurring: Annotated[bool, doc("1 when a line, or the reason where there are no lines, is of a subscription")]
    flags: Flags
    is_test: IsTest
    source: Source
    event_id: EventId
    occurred_at: Annotated[Moment, doc("When the newest applied event happened, UTC")]
    ingested_at: Ingested


class InvoiceLineRow(Row, frozen=True, gc=False):
    """Lines of invoices: one row per line."""

    TABLE: ClassVar[str] = "invoice_line"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    line_id: Annotated[str, doc("Line within the invoice")]
    kind: Annotated[Label, doc("SUBSCRIPTION, USAGE, ONE_OFF, CREDIT or UNKNOWN")]
    subscription_id: SubscriptionId
    item_id: Annotated[str, doc("Item of the subscription; empty when not told")]
    currency: Currency
    amount_micros: Annotated[int, doc("Amount after discount and with tax, in millionths; below zero for a credit")]
    tax_micros: Annotated[int, doc("Tax within the amount, in millionths")]
    discount_micros: Annotated[int, doc("What was taken off before the amount, in millionths")]
    period_start: Annotated[Moment | None, doc("Start of the service paid for, UTC; NULL when not told")]
    period_end: Annotated[Moment | None, doc("End of it, UTC, exclusive; NULL when not told")]
    is_proration: Annotated[bool, doc("1 when the line charges or returns part of a period")]
    issued_at: Annotated[Moment, doc("When the invoice was issued, UTC")]
    is_test: IsTest
    project_id: Annotated[str, doc("Project that the line charges for; empty when not told")]


class InvoiceDueRow(Row, frozen=True, gc=False):
    """When an invoice was due, and from when that held: one row per invoice and moment of change."""

    TABLE: ClassVar[str] = "invoice_due"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    valid_from: Annotated[Moment, doc("From when the due date holds, UTC, inclusive; until the invoice's next row")]
    due_at: Annotated[Moment | None, doc("When payment is due, UTC; NULL leaves it to payment terms")]
    issued_at: Annotated[Moment, doc("When the invoice was issued, UTC; payment terms count from then")]
    event_id: EventId
    is_test: IsTest


class ReceivableEntryRow(Row, frozen=True, gc=False):
    """The books: one row per posting of an invoice; sums up to a time are the balances at that time."""

    TABLE: ClassVar[str] = "receivable_entry"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    entry: Annotated[str, doc("Posting within the invoice, such as paid/receivable/P1")]
    at: Annotated[Moment, doc("When it counts from, UTC")]
    kind: Annotated[Label, doc("issued, credit_applied, credited, paid, returned, written_off or voided")]
    book: Annotated[Label, doc("receivable (customer owes us) or customer_credit (we owe the customer)")]
    currency: Currency
    amount_micros: Annotated[int, doc("What is added to the book, in millionths; below zero where it is lowered")]
    is_on_credit: Annotated[bool, doc("0 where the invoice is charged automatically, which is no sale on credit")]
    is_test: IsTest
    event_id: Annotated[str, doc("Event that caused the posting")]
    ingested_at: Ingested


class MoneyEntryRow(Row, frozen=True, gc=False):
    """What is behind the books of an invoice: one row per posting; sums up to a time are what it was at that time."""

    TABLE: ClassVar[str] = "money_entry"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    entry: Annotated[str, doc("Posting within the invoice, such as paid/paid/P1")]
    at: Annotated[Moment, doc("When it counts from, UTC")]
    kind: Annotated[Label, doc("issued, credit_applied, credited, paid, returned, written_off or voided")]
    book: Annotated[
        Label, doc("paid (money that settles the invoice) or granted (credit that it left with no money behind it)")
    ]
    currency: Currency
    amount_micros: Annotated[int, doc("What is added to the book, in millionths; below zero where it is lowered")]
    is_test: IsTest
    event_id: Annotated[str, doc("Event that caused the posting")]
    ingested_at: Ingested


class PaymentRow(Row, frozen=True, gc=False):
    """Money received: one row per payment and invoice that it pays."""

    TABLE: ClassVar[str] = "payment"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    payment_id: PaymentId
    invoice_id: InvoiceId
    currency: Currency
    amount_micros: Annotated[int, doc("Part of the payment that pays this invoice, in millionths")]
    payment_micros: Annotated[int | None, doc("The whole payment, in millionths; NULL when the source does not say")]
    paid_at: Annotated[Moment, doc("When the money was received, UTC")]
    used_at: Annotated[
        Moment, doc("From when it settles the invoice, UTC; later than paid_at where it waited until then")
    ]
    method: Annotated[Label, doc("Way of payment, such as card; empty when not told")]
    attempt_no: Annotated[int, doc("Which attempt to collect it was, from 1")]
    is_partial: Annotated[bool, doc("1 when the source says that more is to come")]
    is_test: IsTest
    source: Source
    event_id: EventId
    ingested_at: Ingested


class PaymentAttemptRow(Row, frozen=True, gc=False):
    """Attempts to collect invoices, failed and successful: one row per attempt."""

    TABLE: ClassVar[str] = "payment_attempt"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "invoice"
    account_id: AccountId
    invoice_id: InvoiceId
    attempt_id: Annotated[str, doc("Attempt within the invoice, such as paid:P1")]
    outcome: Annotated[Label, doc("failed, succeeded, or returned where banks took all of it back")]
    at: Annotated[Moment, doc("When it failed or succeeded, UTC")]
    attempt_no: Annotated[int, doc("Which attempt the source says it was, from 1")]
    is_first: Annotated[bool, doc("1 when it is the invoice's earliest attempt")]
    currency: Currency
    amount_micros: Annotated[int, doc("What was to be collected, in millionths")]
    payment_id: PaymentId
    failure_code: Annotated[Label, doc("Code of the processor; empty when it succeeded or nobody said")]
    failure_kind: Annotated[Label, doc("HARD, SOFT or UNKNOWN; empty when it succeeded")]
    next_retry_at: Annotated[Moment | None, doc("When it is tried again, UTC; NULL when not planned")]
    is_test: IsTest
    event_id: EventId
