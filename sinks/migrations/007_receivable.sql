-- What is owed: invoices with their postings, due dates, payments and attempts. Amounts are millionths.

CREATE TABLE IF NOT EXISTS ${GENERATION}.invoice ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    number String COMMENT 'Number printed on the invoice; empty when not told',
    status LowCardinality(String) COMMENT 'open, paid, credited, written_off, void, credit (below zero), or incomplete while the issue is not known',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    issued_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was issued, UTC; NULL while not known',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it is due by the newest word, UTC; NULL leaves it to payment terms',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when nothing of it is open, UTC; NULL while something is',
    total_micros Int64 COMMENT 'What is asked for, tax included, in millionths; below zero for a credit invoice',
    tax_micros Int64 COMMENT 'Tax within the total as far as lines tell, in millionths',
    credit_applied_micros Int64 COMMENT 'Part of it that the customer\'s credit was to settle, in millionths',
    paid_micros Int64 COMMENT 'Payments in the invoice\'s currency, in millionths',
    credited_micros Int64 COMMENT 'Credit notes in the invoice\'s currency, in millionths',
    written_off_micros Int64 COMMENT 'What stands written off, in millionths',
    open_micros Int64 COMMENT 'What is still owed, in millionths; never below zero',
    payments UInt16 COMMENT 'Payments that name the invoice',
    last_paid_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the newest payment was received, UTC; NULL without any',
    failed_attempts UInt16 COMMENT 'Attempts to collect it that failed',
    first_failed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First attempt that failed, UTC; NULL without any',
    dunning_outcome LowCardinality(String) COMMENT 'RECOVERED, EXHAUSTED or UNKNOWN as the source says; empty before it does',
    dunning_ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the source ended collecting, UTC; NULL before it does',
    collection_method LowCardinality(String) COMMENT 'CHARGE_AUTOMATICALLY, SEND_INVOICE or UNKNOWN; empty while incomplete',
    billing_reason LowCardinality(String) COMMENT 'SUBSCRIPTION_START, TRIAL_END, RENEWAL, CHANGE, MANUAL or UNKNOWN; empty while incomplete',
    is_recurring UInt8 COMMENT '1 when a line, or the reason where there are no lines, is of a subscription',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the newest applied event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id)
COMMENT 'Invoices as they stand after every payment and correction: one row per invoice.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.invoice_line ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    line_id String COMMENT 'Line within the invoice',
    kind LowCardinality(String) COMMENT 'SUBSCRIPTION, USAGE, ONE_OFF, CREDIT or UNKNOWN',
    subscription_id String COMMENT 'Subscription; an account may have several',
    item_id String COMMENT 'Item of the subscription; empty when not told',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'Amount after discount and with tax, in millionths; below zero for a credit',
    tax_micros Int64 COMMENT 'Tax within the amount, in millionths',
    discount_micros Int64 COMMENT 'What was taken off before the amount, in millionths',
    period_start Nullable(DateTime64(6, 'UTC')) COMMENT 'Start of the service paid for, UTC; NULL when not told',
    period_end Nullable(DateTime64(6, 'UTC')) COMMENT 'End of it, UTC, exclusive; NULL when not told',
    is_proration UInt8 COMMENT '1 when the line charges or returns part of a period',
    issued_at DateTime64(6, 'UTC') COMMENT 'When the invoice was issued, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id, line_id)
COMMENT 'Lines of invoices: one row per line.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.invoice_due ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when the due date holds, UTC, inclusive; until the invoice\'s next row',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When payment is due, UTC; NULL leaves it to payment terms',
    issued_at DateTime64(6, 'UTC') COMMENT 'When the invoice was issued, UTC; payment terms count from then',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id, valid_from)
COMMENT 'When an invoice was due, and from when that held: one row per invoice and moment of change.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.receivable_entry ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    entry String COMMENT 'Posting within the invoice, such as paid/receivable/P1',
    at DateTime64(6, 'UTC') COMMENT 'When it counts from, UTC',
    kind LowCardinality(String) COMMENT 'issued, credit_applied, credited, paid, written_off or voided',
    book LowCardinality(String) COMMENT 'receivable (customer owes us) or customer_credit (we owe the customer)',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What is added to the book, in millionths; below zero where it is lowered',
    is_on_credit UInt8 COMMENT '0 where the invoice is charged automatically, which is no sale on credit',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that caused the posting',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id, entry)
COMMENT 'The books: one row per posting of an invoice; sums up to a time are the balances at that time.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.payment ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'Part of the payment that pays this invoice, in millionths',
    payment_micros Nullable(Int64) COMMENT 'The whole payment, in millionths; NULL when the source does not say',
    paid_at DateTime64(6, 'UTC') COMMENT 'When the money was received, UTC',
    method LowCardinality(String) COMMENT 'Way of payment, such as card; empty when not told',
    attempt_no Int64 COMMENT 'Which attempt to collect it was, from 1',
    is_partial UInt8 COMMENT '1 when the source says that more is to come',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, payment_id, invoice_id)
COMMENT 'Money received: one row per payment and invoice that it pays.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.payment_attempt ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    attempt_id String COMMENT 'Attempt within the invoice, such as paid:P1',
    outcome LowCardinality(String) COMMENT 'failed or succeeded',
    at DateTime64(6, 'UTC') COMMENT 'When it failed or succeeded, UTC',
    attempt_no Int64 COMMENT 'Which attempt the source says it was, from 1',
    is_first UInt8 COMMENT '1 when it is the invoice\'s earliest attempt',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What was to be collected, in millionths',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    failure_code LowCardinality(String) COMMENT 'Code of the processor; empty when it succeeded or nobody said',
    failure_kind LowCardinality(String) COMMENT 'HARD, SOFT or UNKNOWN; empty when it succeeded',
    next_retry_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it is tried again, UTC; NULL when not planned',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id, attempt_id)
COMMENT 'Attempts to collect invoices, failed and successful: one row per attempt.';
