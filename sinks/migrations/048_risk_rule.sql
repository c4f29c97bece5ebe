-- Rules of risk that were set, and from when each version is in force. Shipped rules have no row until replaced.

CREATE TABLE IF NOT EXISTS ${GENERATION}.risk_rule ${ON_CLUSTER}
(
    rule_id LowCardinality(String) COMMENT 'Rule of risk',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    rule_version LowCardinality(String) COMMENT 'Version that is recorded with the episodes that the rule opens',
    is_active UInt8 COMMENT '0 where the rule no longer holds',
    severity LowCardinality(String) COMMENT 'low, medium or high: what an episode is at least',
    conditions Array(String) COMMENT 'Numbers that it watches, from where on they are risky and where healthy again, in words',
    dwell_in_s Int64 COMMENT 'Seconds that it has to be risky without gap before an episode opens',
    dwell_out_s Int64 COMMENT 'Seconds that it has to be healthy without gap before one closes',
    rearm_s Int64 COMMENT 'Seconds after the close within which a crossing opens the same episode again',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (rule_id, valid_from)
COMMENT 'Rules of risk that were set, and from when each version is in force. Shipped rules have no row until replaced.';
