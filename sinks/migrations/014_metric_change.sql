-- What events changed in the sums behind metrics; it replaces the log of restatements, which becomes a view over it.

CREATE TABLE IF NOT EXISTS ${GENERATION}.metric_change ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    metric LowCardinality(String) COMMENT 'Metric whose sums changed',
    entity_kind LowCardinality(String) COMMENT 'Kind of the entity that changed, such as response',
    entity_id String COMMENT 'Entity that changed, such as a response',
    item String COMMENT 'Part of the entity that changed, such as a question; empty for the whole',
    window_at DateTime64(6, 'UTC') COMMENT 'Time that places the change in the metric\'s windows, UTC',
    person String COMMENT 'Contact whose latest answer alone counts; empty where all do, or when anonymous',
    event_id String COMMENT 'Event that caused the change',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    kind LowCardinality(String) COMMENT 'first, late, correction, retraction or displaced',
    reason String COMMENT 'Reason given by the source, or what the event did; empty for what is told in time',
    numerator_micros Int64 COMMENT 'What the metric\'s numerator gained, in millionths; times are in seconds',
    denominator_micros Int64 COMMENT 'What the metric\'s denominator gained, in millionths',
    old_value Nullable(Float64) COMMENT 'Contribution before; NULL when there was none',
    new_value Nullable(Float64) COMMENT 'Contribution after; NULL when it was withdrawn',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, metric, entity_kind, entity_id, item, window_at, person, event_id, source)
COMMENT 'What events added to metrics or took from them: one row per event and part of an entity that it changed.';

DROP TABLE IF EXISTS ${GENERATION}.restatement ${ON_CLUSTER};
