-- Episodes of risk: one row per stretch in which one was open, as corrected and as it was known.

CREATE TABLE IF NOT EXISTS ${GENERATION}.risk_episode ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    rule_id LowCardinality(String) COMMENT 'Rule of risk',
    is_known UInt8 COMMENT '1: as the broker knew it then, never changed later; 0: as corrected since',
    since DateTime64(6, 'UTC') COMMENT 'Start of the stretch, UTC; an episode that opens again has several',
    episode_id String COMMENT 'Episode; the same for all of its stretches',
    rule_version LowCardinality(String) COMMENT 'Version of the rule when it was noticed',
    opened_at DateTime64(6, 'UTC') COMMENT 'Start of the first stretch, UTC: when the trouble began',
    noticed_at DateTime64(6, 'UTC') COMMENT 'When it had lasted long enough to be called a risk, UTC',
    severity LowCardinality(String) COMMENT 'low, medium or high: the worst so far',
    rose_at DateTime64(6, 'UTC') COMMENT 'When it became that bad, UTC',
    reopened UInt32 COMMENT 'How often the episode had opened again by then',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the stretch, UTC; NULL while it is open',
    reason LowCardinality(String) COMMENT 'recovered, fact_ended, renewed, churned, retracted, merged or model_retired; empty while it is open',
    event_id String COMMENT 'Event that opened the episode; empty where a score or time alone did',
    replaces String COMMENT 'Episode whose opening event was taken back and that goes on as this one; or empty',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, rule_id, is_known, since)
COMMENT 'Episodes of risk: one row per stretch in which one was open, as corrected and as it was known.';
