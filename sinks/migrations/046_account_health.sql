-- Health of accounts: one row per account, model and change, as corrected and as it was known.
-- Accounts as they stand: one row per account, with levels that facts of all topics add up to.

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_health ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    model_id LowCardinality(String) COMMENT 'Model of health; several stand side by side',
    is_known UInt8 COMMENT '1: as the broker knew it then, never changed later; 0: as corrected since',
    at DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC: when it became so, or with is_known when the broker had it',
    variant_id LowCardinality(String) COMMENT 'Variant of the model that was for the account; empty where none was',
    model_version LowCardinality(String) COMMENT 'Version of the variant',
    score Nullable(Float64) COMMENT 'Score from 0 to 100; NULL where coverage is below the least of the model',
    coverage Float64 COMMENT 'Share of weight that had data, from 0 to 1; weights of old answers fade',
    band LowCardinality(String) COMMENT 'Band of the score, as the model names it; unknown where there is no score',
    bands_version LowCardinality(String) COMMENT 'Version of the table of bands',
    disagreement LowCardinality(String) COMMENT 'money_below, money_above: by 40 points or more; leaving: best band, and an end is scheduled; or empty',
    override String COMMENT 'Score or band that a person set, beside the computed one; empty without',
    changed_by LowCardinality(String) COMMENT 'Kind of entity that changed it; empty where time or other rules did',
    member String COMMENT 'That entity, by its name within the account',
    event_id String COMMENT 'Event that changed it; empty where none did',
    components Array(String) COMMENT 'Names of the components, in the order of the model',
    signals Array(String) COMMENT 'What each component reads',
    raws Array(Nullable(Float64)) COMMENT 'What it read; NULL without data',
    component_values Array(Nullable(Float64)) COMMENT 'Points from 0 to 100; NULL without data',
    weights Array(Float64) COMMENT 'Share of the weight that had data; these add up to 1',
    contributions Array(Float64) COMMENT 'Points of the score that it brings; these add up to the score',
    evidence Array(Array(String)) COMMENT 'Events that each component rests on most, at most three',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, model_id, is_known, at)
COMMENT 'Health of accounts: one row per account, model and change, as corrected and as it was known.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.account_now ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    at DateTime64(6, 'UTC') COMMENT 'When the newest fact about the account was so, UTC',
    segment LowCardinality(String) COMMENT 'Segment of the account; empty while nobody named one',
    owner_id String COMMENT 'Our person who owns the account; empty without one',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Day of its first contract or paid subscription, UTC; NULL if unknown',
    mrr_currencies Array(String) COMMENT 'Currencies in which it pays',
    mrr_micros Array(Int64) COMMENT 'Recurring revenue a month in each of them, in millionths',
    receivable_currencies Array(String) COMMENT 'Currencies in which invoices are open',
    receivable_micros Array(Int64) COMMENT 'Open receivables in each of them, in millionths',
    tickets_open UInt32 COMMENT 'Open tickets',
    escalations_open UInt32 COMMENT 'Escalated tickets that are open',
    payments_failing UInt32 COMMENT 'Invoices whose payment fails',
    cancels_scheduled UInt32 COMMENT 'Subscriptions whose end is scheduled',
    milestones_open UInt32 COMMENT 'Milestones that are planned and not reached',
    sentiment Nullable(Float64) COMMENT 'Last judgement of a manager, -2 to +2, however old; NULL without one',
    last_touch_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Day of the last talk in both directions, UTC; NULL without one',
    last_answer_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Day of the last answer on recommendation, UTC; NULL without one',
    facts UInt32 COMMENT 'Facts that the row rests on',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY account_id
COMMENT 'Accounts as they stand: one row per account, with levels that facts of all topics add up to.';
