-- Histories of accounts, contacts and managers, joined as of an event.

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_history ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    name String COMMENT 'Name of the account',
    segment LowCardinality(String) COMMENT 'Segment; empty when not told',
    country LowCardinality(String) COMMENT 'Country, as the source writes it; empty when not told',
    time_zone LowCardinality(String) COMMENT 'IANA time zone of the account; empty when not told',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the account; empty when not told',
    lifecycle LowCardinality(String) COMMENT 'Lifecycle stage, as the source names it; empty when not told',
    parent_id String COMMENT 'Parent account; empty at the top',
    external_refs Array(Tuple(String, String)) COMMENT 'The account\'s names in other systems: pairs of system and id',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, valid_from, event_id)
COMMENT 'What was known of an account, and from when: one row per change.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.contact_history ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    contact_id String COMMENT 'Contact (person at the account), by pseudonym',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    role LowCardinality(String) COMMENT 'Role at the account, as the source names it; empty when not told',
    is_champion UInt8 COMMENT '1 when the contact is known as a champion',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, contact_id, valid_from, event_id)
COMMENT 'What was known of a contact, and from when: one row per change.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.manager_assignment ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    role LowCardinality(String) COMMENT 'OWNER, TRAINEE, MENTOR, CSM or UNKNOWN',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    manager_id String COMMENT 'Manager assigned',
    pod_id LowCardinality(String) COMMENT 'Pod (team) of the manager; empty when not told',
    lead_id LowCardinality(String) COMMENT 'Lead of the pod; empty when not told',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when it holds, UTC, exclusive; NULL until replaced',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, role, valid_from, event_id)
COMMENT 'Who looked after an account, in which role, and when: one row per assignment.';
