-- Accounts whose stage the code failed on: their health stands still until a release mends it; all else goes on.

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_aside ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    partition Int32 COMMENT 'Partition that the account\'s events stand in',
    detail String COMMENT 'Kind of the error, and the function that failed',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY account_id
COMMENT 'Accounts whose stage the code failed on: their health stands still until a release mends it; all else goes on.';
