-- Contracts as they stand: one row each. What became of each of their terms: see renewal.
-- Renewals of contracts: one row per term, open ones too. Contracts without an end have none.

CREATE TABLE IF NOT EXISTS ${GENERATION}.contract ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    contract_id String COMMENT 'Contract within the account',
    term_kind LowCardinality(String) COMMENT 'fixed, monthly, evergreen or unknown; incomplete while no event states it',
    starts_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First instant of the term, UTC; NULL while incomplete',
    ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First instant after the term, UTC; NULL where no end is agreed',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the renewal is due, UTC; NULL where none ever is',
    first_due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was due as first stated, UTC; NULL where none ever is',
    notice_at Nullable(DateTime64(6, 'UTC')) COMMENT 'By when notice must be given, UTC; when the renewal is due where no notice is agreed',
    auto_renew UInt8 COMMENT '1 when it renews itself unless notice is given in time',
    annual_micros Int64 COMMENT 'Value of one year, in millionths of the currency\'s major unit',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    products Array(String) COMMENT 'Products under the contract',
    term_no UInt32 COMMENT 'Number of the term that lasts, from 1; 0 where no renewal is ever due',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When it was stated so, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, contract_id)
COMMENT 'Contracts as they stand: one row each. What became of each of their terms: see renewal.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.renewal ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    contract_id String COMMENT 'Contract within the account',
    term_no UInt32 COMMENT 'Term of the contract, from 1',
    status LowCardinality(String) COMMENT 'open, overdue (due and not decided), renewed, downsold, upsold, lost, renewed_auto (the notice passed without a decision), or unknown where the outcome is a word that nobody knows',
    due_at DateTime64(6, 'UTC') COMMENT 'When the renewal is due by the newest word, UTC',
    first_due_at DateTime64(6, 'UTC') COMMENT 'When it was due as first stated, UTC',
    starts_at DateTime64(6, 'UTC') COMMENT 'First instant of the term, UTC',
    ends_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First instant after the term, UTC; NULL where no end is agreed',
    notice_at Nullable(DateTime64(6, 'UTC')) COMMENT 'By when notice must be given, UTC; when the renewal is due where no notice is agreed',
    auto_renew UInt8 COMMENT '1 when it renews itself unless notice is given in time',
    target_micros Int64 COMMENT 'Value of one year before the renewal, in millionths of the currency',
    final_micros Nullable(Int64) COMMENT 'Value of one year after it, 0 where lost; NULL while undecided, or in another currency',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    decided_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was decided, or renewed itself, UTC; NULL while undecided',
    successor_id String COMMENT 'Contract that took over; empty when this one goes on, or none did',
    reason String COMMENT 'Why, in words of the source; empty when nobody said',
    amendments UInt32 COMMENT 'Statements that changed its due date or value before the decision',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the newest event behind the row happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, contract_id, term_no)
COMMENT 'Renewals of contracts: one row per term, open ones too. Contracts without an end have none.';
