-- What persons say of an account's health beside the computed score: one row per judgement.
-- Models of health that were set: one row per version of a variant. What is shipped has none.
-- Components of models of health that were set: one row per version of a variant and component.

CREATE TABLE IF NOT EXISTS ${GENERATION}.health_override ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    override_id String COMMENT 'Judgement, as its source names it',
    model_id LowCardinality(String) COMMENT 'Model whose score it stands beside; empty for all',
    score Nullable(Float64) COMMENT 'Score from 0 to 100 that the person gives; NULL where it is a band or nothing',
    band LowCardinality(String) COMMENT 'Band that the person gives; empty where it is a score or nothing, which lifts others',
    reason String COMMENT 'Why, in words',
    set_by String COMMENT 'Our person who says so',
    set_at DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it holds, UTC, exclusive; NULL where it lifts others',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, override_id)
COMMENT 'What persons say of an account\'s health beside the computed score: one row per judgement.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.health_model ${ON_CLUSTER}
(
    model_id LowCardinality(String) COMMENT 'Model; several stand side by side',
    variant_id LowCardinality(String) COMMENT 'Variant of the model',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    model_version LowCardinality(String) COMMENT 'Version that is recorded with every score',
    position Int32 COMMENT 'Place among the variants: of those that are for the account the lowest decides',
    is_active UInt8 COMMENT '0 where the variant no longer holds',
    segments Array(String) COMMENT 'Segments of accounts that it is for; empty for any',
    from_month UInt16 COMMENT 'Months since the account started, from which on it is for it',
    until_month UInt16 COMMENT 'Months from which on it no longer is; 0 for ever',
    minimum_coverage Float64 COMMENT 'Least share of weight that must have data',
    bands Array(String) COMMENT 'Bands from the worst to the best',
    bands_up_to Array(Float64) COMMENT 'Highest score of each, inclusive',
    bands_version LowCardinality(String) COMMENT 'Version of the table of bands',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (model_id, variant_id, valid_from)
COMMENT 'Models of health that were set: one row per version of a variant. What is shipped has none.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.health_component ${ON_CLUSTER}
(
    model_id LowCardinality(String) COMMENT 'Model',
    variant_id LowCardinality(String) COMMENT 'Variant of the model',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    component LowCardinality(String) COMMENT 'Component of the variant',
    place UInt16 COMMENT 'Its place, from 1',
    signal LowCardinality(String) COMMENT 'What it reads',
    weight UInt16 COMMENT 'Weight',
    points_from Array(Float64) COMMENT 'Signal from which on each point holds',
    points_value Array(Float64) COMMENT 'Value of each point, 0 to 100',
    is_linear UInt8 COMMENT '1 where the value goes in a straight line between points',
    max_age_days UInt16 COMMENT 'Days after which it has no value; 0 where it has no age',
    is_fading UInt8 COMMENT '1 where its weight goes down to nothing by then',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (model_id, variant_id, valid_from, component)
COMMENT 'Components of models of health that were set: one row per version of a variant and component.';
