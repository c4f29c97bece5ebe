-- Time that was spent for accounts: one row per entry of a timesheet.
-- Money that was spent for accounts: one row per entry of the books.
-- What an hour of a person or a role costs, and from when on: one row per subject and moment.

CREATE TABLE IF NOT EXISTS ${GENERATION}.time_entry ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    time_entry_id String COMMENT 'Entry of the timesheet',
    project_id String COMMENT 'Project; empty where it belongs to none',
    person_id String COMMENT 'Our person who worked',
    role LowCardinality(String) COMMENT 'Role that the person worked in; empty when not told',
    minutes UInt32 COMMENT 'How long, in minutes',
    worked_at DateTime64(6, 'UTC') COMMENT 'When the work began, UTC; the rate card is read as of then',
    kind LowCardinality(String) COMMENT 'DELIVERY, OVERHEAD or UNKNOWN',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, time_entry_id)
COMMENT 'Time that was spent for accounts: one row per entry of a timesheet.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.cost_entry ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    cost_entry_id String COMMENT 'Entry of the books',
    project_id String COMMENT 'Project; empty where it belongs to none',
    kind LowCardinality(String) COMMENT 'PASS_THROUGH, CONTRACTOR, DELIVERY, OVERHEAD or UNKNOWN; it decides',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What it cost, in millionths; below zero for what was given back',
    incurred_at DateTime64(6, 'UTC') COMMENT 'When it was incurred, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, cost_entry_id)
COMMENT 'Money that was spent for accounts: one row per entry of the books.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.rate_card ${ON_CLUSTER}
(
    subject LowCardinality(String) COMMENT 'person or role',
    subject_id String COMMENT 'Person, or role',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it holds, UTC, exclusive; NULL until the next one',
    rate_micros Int64 COMMENT 'What an hour costs, in millionths of the currency',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the rate',
    weekly_minutes Nullable(UInt32) COMMENT 'Capacity in a week, in minutes; NULL where it is not known',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (subject, subject_id, valid_from)
COMMENT 'What an hour of a person or a role costs, and from when on: one row per subject and moment.';

ALTER TABLE ${GENERATION}.invoice_line ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS project_id String COMMENT 'Project that the line charges for; empty when not told' AFTER is_test;
