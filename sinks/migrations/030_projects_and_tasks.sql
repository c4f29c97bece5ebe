-- Projects as they stand by the newest word on each: one row per project.
-- Stages of projects in order of time, and how long each lasted: one row per stage.
-- Tasks as they stand by the newest word on each: one row per task.

CREATE TABLE IF NOT EXISTS ${GENERATION}.project ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    project_id String COMMENT 'Project',
    name String COMMENT 'Name for people; empty while nobody has told what the project is',
    owner_id String COMMENT 'Our person who answers for it; empty when not told',
    status LowCardinality(String) COMMENT 'open, delivered, cancelled, ended (nobody knows how), or incomplete while only its stages are known',
    stage LowCardinality(String) COMMENT 'Stage that it is in, or that ended it; empty before the first',
    stage_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it is in that stage, UTC; NULL before the first',
    stages UInt32 COMMENT 'Stages that it has been in, one that came again counted again',
    first_due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First time that was agreed for its delivery, UTC; NULL without any',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it is to be delivered by the newest word, UTC; NULL without any',
    ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was over, UTC; NULL while it lasts',
    quota Nullable(Int64) COMMENT 'Completes that fieldwork has to bring in; NULL without fieldwork',
    survey_ids Array(String) COMMENT 'Surveys whose finished responses are its completes',
    budget_micros Nullable(Int64) COMMENT 'What the customer agreed to pay for it, without tax, in millionths',
    currency LowCardinality(String) COMMENT 'ISO 4217 currency of the budget; empty without one',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, project_id)
COMMENT 'Projects as they stand by the newest word on each: one row per project.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.project_stage ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    project_id String COMMENT 'Project',
    stage_no UInt32 COMMENT 'Number of the stage within the project, from 1, in order of time',
    stage LowCardinality(String) COMMENT 'Stage, as the source names it',
    from_at DateTime64(6, 'UTC') COMMENT 'When the project came into it, UTC',
    until_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the next stage began, UTC, exclusive; NULL while it lasts',
    first_due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First time by which it was to be over, UTC; NULL without any',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'By when it is to be over by the newest word, UTC; NULL without any',
    ends LowCardinality(String) COMMENT 'DELIVERED, CANCELLED or UNKNOWN where the project was over with it; else empty',
    is_counted UInt8 COMMENT '0 where the project was over with it or cancelled in it: no figure counts it',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, project_id, stage_no)
COMMENT 'Stages of projects in order of time, and how long each lasted: one row per stage.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.task ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    task_id String COMMENT 'Task',
    project_id String COMMENT 'Project; empty where it belongs to none',
    assignee_id String COMMENT 'Our person who is to do it; empty when not told',
    person_id String COMMENT 'Our person who did it; empty when not told, or while it is not done',
    status LowCardinality(String) COMMENT 'open, done, or given_up where nobody has to do it any more',
    first_due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First time that was agreed for it, UTC; NULL without any',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it is to be done by the newest word, UTC; NULL without any',
    completed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was done, UTC; NULL before that',
    due_moves UInt32 COMMENT 'How many times another time was agreed after the first, or it was given up',
    is_counted UInt8 COMMENT '0 where it was given up before its first time had passed: no rate counts it',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, task_id)
COMMENT 'Tasks as they stand by the newest word on each: one row per task.';
