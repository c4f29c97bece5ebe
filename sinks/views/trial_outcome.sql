/*
comment: Trials that have ended, and whether they became paid subscriptions; without test data
columns:
  moment: When the trial ended, UTC; the cohort that it belongs to
  account_id: Account
  survey_id: Always empty; trials belong to no survey
  fact_id: Subscription
  is_converted: 1 when the subscription had revenue after its trial
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(trial_ended_at) AS moment,
    account_id,
    '' AS survey_id,
    subscription_id AS fact_id,
    toUInt8(ifNull(converted_at <= ${now}, 0)) AS is_converted,
    [concat('subscription:', subscription_id)] AS entities
FROM ${cx}.subscription
WHERE is_test = 0 AND trial_started_at IS NOT NULL AND trial_ended_at IS NOT NULL AND trial_ended_at <= ${now}
