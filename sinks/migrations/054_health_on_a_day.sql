-- What the health of an account on a past day follows from, and no table had: since when a start and a plan were told.

CREATE TABLE IF NOT EXISTS ${GENERATION}.contract_start ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    contract_id String COMMENT 'Contract within the account',
    told_at DateTime64(6, 'UTC') COMMENT 'When it was stated, UTC; it holds until the contract\'s next row',
    started_at DateTime64(6, 'UTC') COMMENT 'First day of all terms of the contract that were stated by then, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, contract_id, told_at)
COMMENT 'First days of contracts as they were told: one row per moment at which another one was.';

ALTER TABLE ${GENERATION}.onboarding ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS plan_told_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the newest plan was told, UTC; NULL without a plan' AFTER ingested_at;
