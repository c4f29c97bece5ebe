-- Deadlines that the code failed on: one row for each entity or ledger that waits for a release that mends it.

CREATE TABLE IF NOT EXISTS ${GENERATION}.failed_deadline ${ON_CLUSTER}
(
    topic LowCardinality(String) COMMENT 'Topic of the events behind it',
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    subject String COMMENT 'What the deadline is of, kind:id, such as ticket:T1; ledgers of the account too',
    partition Int32 COMMENT 'Partition that the account\'s events stand in',
    due_at DateTime64(6, 'UTC') COMMENT 'When it fell due, UTC; what time brings about from then on is in no table',
    detail String COMMENT 'Kind of the error, and the function that failed',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (topic, account_id, subject)
COMMENT 'Deadlines that the code failed on: one row for each entity or ledger that waits for a release that mends it.';
