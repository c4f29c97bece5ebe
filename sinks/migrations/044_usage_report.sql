-- Where meters of accounts stood: one row per meter and moment.

CREATE TABLE IF NOT EXISTS ${GENERATION}.usage_report ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    meter LowCardinality(String) COMMENT 'What is measured, as its source names it',
    measured_at DateTime64(6, 'UTC') COMMENT 'When the meter stood there, UTC; of an amount of an hour or a day the end of it',
    value Float64 COMMENT 'Level at that moment, in the meter\'s own unit',
    most Nullable(Float64) COMMENT 'Most that the account may use, in the same unit; NULL without a limit',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, meter, measured_at)
COMMENT 'Where meters of accounts stood: one row per meter and moment.';
