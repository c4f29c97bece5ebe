-- Which account counted as which other one, and from when until when: one row per merge.
-- Names of accounts in other systems: one row per account and name.

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_merge ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ordinal UInt32 COMMENT 'Which merge of the account, from 1',
    survivor_id String COMMENT 'Account that it counts as',
    from_at DateTime64(6, 'UTC') COMMENT 'Since when, UTC, inclusive',
    until_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when, UTC, exclusive; NULL while it lasts',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ended_event_id String COMMENT 'Event that ended it; empty while it lasts',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ordinal)
COMMENT 'Which account counted as which other one, and from when until when: one row per merge.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_reference ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    reference_id String COMMENT 'Mark of system and name, whatever account has it',
    system LowCardinality(String) COMMENT 'System that the name is of',
    external_name String COMMENT 'The account\'s name there',
    linked_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it is the account\'s, UTC; NULL where only the end is told',
    unlinked_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it was, UTC; NULL while it is',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, reference_id)
COMMENT 'Names of accounts in other systems: one row per account and name.';
