/*
comment: Accounts that asked for a feedback item with an outcome, one row per item and account after merges
columns:
  moment: When the item shipped or was declined, UTC
  account_id: Account that asked for it
  fact_id: Feedback item
  topic_id: Topic of the item; empty when not told
  outcome: shipped or declined
  is_told: 1 when the account was told, after the outcome stood
  seconds_to_tell: Seconds from the outcome until it was told; NULL where it was not
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(closed_at) AS moment,
    account_id,
    item_id AS fact_id,
    topic_id,
    state AS outcome,
    toUInt8(told_at IS NOT NULL) AS is_told,
    (toUnixTimestamp64Micro(told_at) - toUnixTimestamp64Micro(outcome_at)) / 1000000 AS seconds_to_tell,
    entities
FROM ${cx}.feedback_reporter
WHERE closed_at IS NOT NULL
