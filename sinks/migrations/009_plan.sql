-- Plans: what subscription items name, and the product line that each belongs to.

CREATE TABLE IF NOT EXISTS ${GENERATION}.plan ${ON_CLUSTER}
(
    plan_id String COMMENT 'Plan that subscription items name',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    name String COMMENT 'Name of the plan for people',
    product_line LowCardinality(String) COMMENT 'Product line that the plan belongs to; empty when not told',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (plan_id, valid_from)
COMMENT 'Plans as they are sold, and from when each is in force.';
