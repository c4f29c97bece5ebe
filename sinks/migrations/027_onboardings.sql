-- Onboardings as they stand: one row each.
-- Milestones of onboardings, planned ones and reached ones: one row each.

CREATE TABLE IF NOT EXISTS ${GENERATION}.onboarding ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    onboarding_id String COMMENT 'Onboarding; an account may have several',
    state LowCardinality(String) COMMENT 'running, stalled (a planned date has passed without its milestone), paused, completed (all milestones of the plan), or incomplete while no plan is known',
    starts_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the clock of its time to value started, UTC; NULL without a plan',
    start_kind LowCardinality(String) COMMENT 'contract, first_transaction, kickoff or unknown; empty without a plan',
    contract_id String COMMENT 'Contract that it belongs to; empty when none is named',
    product LowCardinality(String) COMMENT 'Product that is introduced; empty when not told',
    first_value_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the customer first had value of the product, UTC; NULL before that',
    first_value_us Nullable(Int64) COMMENT 'Time on the clock until then, pauses left out, microseconds; 0 for value before the start',
    completed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the last milestone of the plan was reached, UTC; else NULL',
    stalled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Earliest date that has passed without its milestone, UTC; NULL where none has',
    marker_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When 90 days on the clock end, UTC; NULL without a plan, and while it rests before that',
    within_90_days LowCardinality(String) COMMENT 'Whether first value came by then: met, missed or open; empty without a plan',
    milestones UInt32 COMMENT 'Milestones of the plan',
    reached UInt32 COMMENT 'Of these, reached',
    late UInt32 COMMENT 'Milestones reached after their date',
    paused_us Int64 COMMENT 'Time of the pauses that have ended, microseconds',
    paused_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it rests, UTC; NULL while it does not',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the event that comes last in its order happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, onboarding_id)
COMMENT 'Onboardings as they stand: one row each.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.onboarding_milestone ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    onboarding_id String COMMENT 'Onboarding; an account may have several',
    milestone_code String COMMENT 'Milestone within the onboarding',
    state LowCardinality(String) COMMENT 'planned, stalled (its date has passed), reached, or late (reached after its date)',
    is_planned UInt8 COMMENT '1 when the newest plan names it',
    is_first_value UInt8 COMMENT '1 when the customer has the first value of the product with it',
    first_planned_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Its date by the first plan that gave it one, UTC; NULL where none ever did',
    planned_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Its date by the newest plan, UTC; NULL where that gives none',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'That date with pauses added that began before it, UTC; NULL without one',
    reached_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was reached, UTC; NULL before that',
    spent_us Nullable(Int64) COMMENT 'Time on the clock until then without pauses, microseconds; NULL before that or without a plan',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, onboarding_id, milestone_code)
COMMENT 'Milestones of onboardings, planned ones and reached ones: one row each.';
