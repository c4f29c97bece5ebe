-- Where each event stands in Kafka: the way back from a row to its events.

CREATE TABLE IF NOT EXISTS ${GENERATION}.event ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    entity String COMMENT 'What the event belongs to, kind:id, such as response:R1',
    topic LowCardinality(String) COMMENT 'Topic that the event stands in',
    partition Int32 COMMENT 'Partition that the event stands in',
    offset Int64 COMMENT 'Offset of the event in its partition',
    event_id String COMMENT 'Id that its source gave the event',
    event_type LowCardinality(String) COMMENT 'Type of the event, such as response_submitted',
    source LowCardinality(String) COMMENT 'System and instance that sent the event, such as zendesk:main',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When it happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the event, UTC (record time)',
    corrects_event_id String COMMENT 'Earlier event that it replaces or retracts; empty when none',
    is_test UInt8 COMMENT '1 when the event was marked as test data',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out',
    INDEX by_type event_type TYPE set(100) GRANULARITY 1
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, entity, topic, partition, offset)
COMMENT 'Where each event that was taken in stands in Kafka: one row per event, duplicates and dead letters left out.';
