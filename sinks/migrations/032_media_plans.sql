-- Lines of media plans by the newest word on each: one row per line.
-- What was spent on media: one row per report of a medium.

CREATE TABLE IF NOT EXISTS ${GENERATION}.media_plan ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    plan_id String COMMENT 'Line of a media plan',
    project_id String COMMENT 'Project; empty where it belongs to none',
    channel LowCardinality(String) COMMENT 'Channel that it is spent on',
    starts_at DateTime64(6, 'UTC') COMMENT 'When it begins to be spent, UTC',
    ends_at DateTime64(6, 'UTC') COMMENT 'When it is spent, UTC, exclusive',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What is to be spent, in millionths',
    is_cancelled UInt8 COMMENT '1 where nothing is to be spent on it any more',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, plan_id)
COMMENT 'Lines of media plans by the newest word on each: one row per line.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.media_spend ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    spend_id String COMMENT 'Report of the medium',
    plan_id String COMMENT 'Line of the media plan',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the row\'s amounts; empty while none is known',
    amount_micros Int64 COMMENT 'What the media cost, in millionths; below zero for what was given back',
    spent_at DateTime64(6, 'UTC') COMMENT 'When it was spent, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, spend_id)
COMMENT 'What was spent on media: one row per report of a medium.';
