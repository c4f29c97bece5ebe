-- Money that comes back, waits, or is used later: receipts, returns, the ledger of customers' credit, and what is behind the books.

CREATE TABLE IF NOT EXISTS ${GENERATION}.receipt ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    amount_micros Int64 COMMENT 'The whole payment, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    received_at DateTime64(6, 'UTC') COMMENT 'When the money was received, UTC',
    method LowCardinality(String) COMMENT 'Way of payment, such as card; empty when not told',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, payment_id)
COMMENT 'Payments that came in before it was known what they pay: one row per payment.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.payment_return ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    return_id String COMMENT 'Return; the same one may concern several invoices',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    amount_micros Int64 COMMENT 'What came back, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    returned_at DateTime64(6, 'UTC') COMMENT 'When the money left us again, UTC',
    return_code LowCardinality(String) COMMENT 'Code of the bank or processor; empty when not told',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, return_id, invoice_id, payment_id)
COMMENT 'Money that banks took back: one row per return, and payment and invoice that it concerns.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.credit_entry ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    entry String COMMENT 'Posting within the account, named for its cause',
    at DateTime64(6, 'UTC') COMMENT 'When it counts from, UTC',
    book LowCardinality(String) COMMENT 'customer_credit (we owe the customer) or given_back (refunds and chargebacks of what had settled invoices)',
    kind LowCardinality(String) COMMENT 'left (by an invoice or payment), applied (used without being there), returned (likewise) or given_back',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What is added to the book, in millionths; below zero where it is lowered',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that caused the posting',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, entry)
COMMENT 'The customer\'s credit, and what was given back beyond it: one row per posting; sums up to a time are balances.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.money_entry ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    entry String COMMENT 'Posting within the invoice, such as paid/paid/P1',
    at DateTime64(6, 'UTC') COMMENT 'When it counts from, UTC',
    kind LowCardinality(String) COMMENT 'issued, credit_applied, credited, paid, returned, written_off or voided',
    book LowCardinality(String) COMMENT 'paid (money that settles the invoice) or granted (credit that it left with no money behind it)',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What is added to the book, in millionths; below zero where it is lowered',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that caused the posting',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, invoice_id, entry)
COMMENT 'What is behind the books of an invoice: one row per posting; sums up to a time are what it was at that time.';

ALTER TABLE ${GENERATION}.invoice ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS returned_micros Int64 COMMENT 'Of that, what banks took back, in millionths' AFTER paid_micros;

ALTER TABLE ${GENERATION}.invoice ${ON_CLUSTER}
    COMMENT COLUMN IF EXISTS credit_applied_micros 'Part of it that the customer\'s credit was to settle, at its issue or later, in millionths';

ALTER TABLE ${GENERATION}.payment ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS used_at DateTime64(6, 'UTC') COMMENT 'From when it settles the invoice, UTC; later than paid_at where it waited until then' AFTER paid_at;

ALTER TABLE ${GENERATION}.receivable_entry ${ON_CLUSTER}
    COMMENT COLUMN IF EXISTS kind 'issued, credit_applied, credited, paid, returned, written_off or voided';

ALTER TABLE ${GENERATION}.payment_attempt ${ON_CLUSTER}
    COMMENT COLUMN IF EXISTS outcome 'failed, succeeded, or returned where banks took all of it back';
