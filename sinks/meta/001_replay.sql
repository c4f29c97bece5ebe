-- What replays leave behind besides rows: what each was asked, how far it got, who did what, whose data is erased.

CREATE TABLE IF NOT EXISTS ${META}.replay ${ON_CLUSTER}
(
    generation String COMMENT 'Database that the replay fills',
    plan_hash String COMMENT 'SHA-256 of the plan it follows; empty for what no plan made',
    kind LowCardinality(String) COMMENT 'rebuild, repair, what-if, or merge (the tables that a promoted repair became part of)',
    accounts Array(String) COMMENT 'Accounts that it holds; empty for all of them',
    plan String COMMENT 'The plan itself, as JSON',
    actor String COMMENT 'Who began it: user@host',
    begun_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was begun, UTC'
)
ENGINE = ${REPLACING_ENGINE}(begun_at)
ORDER BY generation
COMMENT 'What every generation was made from: one row per generation.';

CREATE TABLE IF NOT EXISTS ${META}.replay_state ${ON_CLUSTER}
(
    generation String COMMENT 'Database that the replay fills',
    state LowCardinality(String) COMMENT 'running, filled, failed or dropped',
    records UInt64 COMMENT 'Records read so far',
    total UInt64 COMMENT 'Records to read; 0 while unknown',
    resume String COMMENT 'What the replay needs to go on where it stopped, in its own notation',
    detail String COMMENT 'Why it failed; empty otherwise',
    holder String COMMENT 'Process that wrote this row, as JSON',
    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When the row was written, UTC',
    revision UInt64 COMMENT 'Running number of the change; the highest holds'
)
ENGINE = ${REPLACING_ENGINE}(revision)
ORDER BY generation
COMMENT 'How far every replay got: one row per generation.';

CREATE TABLE IF NOT EXISTS ${META}.replay_log ${ON_CLUSTER}
(
    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was written down, UTC',
    actor String COMMENT 'Who did it: user@host',
    action LowCardinality(String) COMMENT 'plan, run, diff, promote, back, drop, ...',
    generation String COMMENT 'Generation concerned; empty when none was',
    plan_hash String COMMENT 'SHA-256 of the plan concerned; empty when none was',
    outcome LowCardinality(String) COMMENT 'begun, done, refused, failed',
    detail String COMMENT 'Reason of a refusal or failure, or what was done, as a sentence or JSON'
)
ENGINE = ${ENGINE_PREFIX}MergeTree
ORDER BY (at, generation)
COMMENT 'Audit log of replays: every action, its outcome and who asked for it; rows are only ever added.';

CREATE TABLE IF NOT EXISTS ${META}.erased_subject ${ON_CLUSTER}
(
    account_id String COMMENT 'Account of the erased person',
    contact_id String COMMENT 'The person, by pseudonym; empty when the whole account was erased',
    erased_at DateTime64(6, 'UTC') COMMENT 'When it was erased, UTC'
)
ENGINE = ${REPLACING_ENGINE}(erased_at)
ORDER BY (account_id, contact_id)
COMMENT 'Persons and accounts whose data was erased: a replay must not bring them back.';
