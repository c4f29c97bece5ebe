-- Records that could not be taken in.

CREATE TABLE IF NOT EXISTS ${GENERATION}.dead_letter ${ON_CLUSTER}
(
    topic LowCardinality(String) COMMENT 'Topic that the record was read from',
    partition Int32 COMMENT 'Partition that the record was read from',
    offset Int64 COMMENT 'Offset of the record in its partition',
    account_key String COMMENT 'Kafka key of the record as text, undecodable bytes replaced',
    reason LowCardinality(String) COMMENT 'Reason code of the refusal',
    detail String COMMENT 'What exactly was wrong',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    size_bytes UInt32 COMMENT 'Length of the record\'s value in bytes',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (topic, partition, offset)
COMMENT 'Records that could not be taken in, and why: one row each; the bytes are in the dead-letter topic.';
