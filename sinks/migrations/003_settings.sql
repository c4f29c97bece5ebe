-- Settings with a history: exchange rates, topic lists, policies.

CREATE TABLE IF NOT EXISTS ${GENERATION}.fx_rate ${ON_CLUSTER}
(
    base LowCardinality(String) COMMENT 'ISO 4217 currency that is converted',
    quote LowCardinality(String) COMMENT 'ISO 4217 currency that it is converted into',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    rate_micros Int64 COMMENT 'Units of quote for one unit of base, in millionths',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (base, quote, valid_from)
COMMENT 'Exchange rates and from when each is in force.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.taxonomy_topic ${ON_CLUSTER}
(
    taxonomy_version LowCardinality(String) COMMENT 'Version of the topic list',
    topic_id String COMMENT 'Topic within the list',
    label String COMMENT 'Name of the topic for people',
    parent_id String COMMENT 'Topic above it; empty at the top',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (taxonomy_version, topic_id)
COMMENT 'Topic lists: one row per topic of each version.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.policy ${ON_CLUSTER}
(
    policy LowCardinality(String) COMMENT 'Name of the policy, such as followup_target_seconds or low_sample_n',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    value String COMMENT 'Value in the policy\'s own notation',
    policy_version LowCardinality(String) COMMENT 'Version that is recorded with what the policy shaped',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (policy, valid_from)
COMMENT 'Policy settings and from when each is in force.';
