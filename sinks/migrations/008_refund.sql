-- What moves money back, away or not at all: refunds, disputes, payouts, signed acts.

CREATE TABLE IF NOT EXISTS ${GENERATION}.refund ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    refund_id String COMMENT 'Refund; a payment may have several',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    status LowCardinality(String) COMMENT 'refunded; failed, the money is back; incomplete while only the failure is known',
    amount_micros Int64 COMMENT 'What was given back, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    requested_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the customer asked for it, UTC; NULL when not told',
    refunded_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the money left, UTC; NULL while incomplete',
    failed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it came back, UTC; NULL unless the refund failed',
    reason LowCardinality(String) COMMENT 'Reason code or words of the source; empty when not told',
    failure_code LowCardinality(String) COMMENT 'Code of the processor for a failure; empty without one',
    ticket_id String COMMENT 'Ticket in which it was asked for; empty when not told',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, refund_id)
COMMENT 'Refunds as they stand after every correction: one row per refund.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.dispute ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    dispute_id String COMMENT 'Dispute of an invoice, or claim of a payment by the customer\'s bank',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    payment_id String COMMENT 'Payment within the account; empty when none is named',
    is_chargeback UInt8 COMMENT '1 when a payment is claimed back, 0 for the dispute of an invoice alone',
    status LowCardinality(String) COMMENT 'open; won by us, lost, withdrawn or unknown once closed; incomplete while only the end is known',
    amount_micros Int64 COMMENT 'What is disputed, in millionths of the currency\'s major unit',
    fee_micros Int64 COMMENT 'Fee of the processor for it, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was opened, UTC; NULL while incomplete',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was closed, UTC; NULL while open',
    reason LowCardinality(String) COMMENT 'Reason code or words of the source; empty when not told',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, dispute_id)
COMMENT 'Disputes as they stand after every correction: one row per dispute.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.payout ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    payout_id String COMMENT 'Payout',
    amount_micros Int64 COMMENT 'What was paid out, in millionths of the currency\'s major unit',
    fees_micros Int64 COMMENT 'Fees kept back, in millionths of the currency\'s major unit',
    balance_change_micros Int64 COMMENT 'What the balance at the processor grew by, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    period_start DateTime64(6, 'UTC') COMMENT 'Start of the period paid out, UTC',
    period_end DateTime64(6, 'UTC') COMMENT 'End of that period, UTC, exclusive',
    settled_at DateTime64(6, 'UTC') COMMENT 'When it was paid out, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, payout_id)
COMMENT 'Payouts of processors as they stand after every correction: one row per payout.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.act ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    act_id String COMMENT 'Act',
    invoice_id String COMMENT 'Invoice within the account; empty when none is named',
    contract_id String COMMENT 'Contract that it belongs to; empty when not told',
    amount_micros Int64 COMMENT 'What was accepted, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    signed_at DateTime64(6, 'UTC') COMMENT 'When it was signed, UTC',
    period_start Nullable(DateTime64(6, 'UTC')) COMMENT 'Start of the work accepted, UTC; NULL when not told',
    period_end Nullable(DateTime64(6, 'UTC')) COMMENT 'End of that period, UTC, exclusive; NULL when not told',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, act_id)
COMMENT 'Signed acts of acceptance as they stand after every correction: one row per act.';
