-- How managers judged the relationship with an account: one row per judgement.

CREATE TABLE IF NOT EXISTS ${GENERATION}.manager_sentiment ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    sentiment_id String COMMENT 'Judgement, as its source names it',
    manager_id String COMMENT 'Our person whose judgement it is',
    sentiment Int32 COMMENT '-2 (very bad), -1, 0 (neither), 1 or 2 (very good)',
    has_note UInt8 COMMENT '1 when words about it are kept at the source; they are not here',
    set_at DateTime64(6, 'UTC') COMMENT 'When the manager judged, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, sentiment_id)
COMMENT 'How managers judged the relationship with an account: one row per judgement.';
