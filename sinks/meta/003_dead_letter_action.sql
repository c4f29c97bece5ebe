-- What people did with dead letters. It does not follow from the log, so it lives outside of the generations.

CREATE TABLE IF NOT EXISTS ${META}.dead_letter_action ${ON_CLUSTER}
(
    topic LowCardinality(String) COMMENT 'Topic that the refused record stands in',
    partition Int32 COMMENT 'Partition that the refused record stands in',
    offset Int64 COMMENT 'Offset of the refused record',
    action LowCardinality(String) COMMENT 'discarded, or sending and then redriven; unsent where a redrive died before it had sent',
    reason LowCardinality(String) COMMENT 'Reason code of the refusal, as it stood then',
    why String COMMENT 'Why it was discarded, in the words of whoever did it; empty otherwise',
    log_offset Int64 COMMENT 'redriven: where its copy stands in the same partition; sending: where the partition ended; otherwise -1',
    actor String COMMENT 'Who did it: user@host',
    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was written down, UTC'
)
ENGINE = ${ENGINE_PREFIX}MergeTree
ORDER BY (topic, partition, offset, at)
COMMENT 'What was done with dead letters, and by whom; rows are only ever added, and survive every rebuild.';
