/*
comment: Trials that have ended, and whether they became paid subscriptions; without test data
columns:
  moment: When the trial ended, UTC; the cohort that it belongs to
  account_id: Account
  survey_id: Always empty; trials belong to no survey
  fact_id: Subscription
  plan_id: Plan during the trial, of several the first by name; empty when not told
  is_converted: 1 when the subscription had revenue after its trial
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _s.ended_at AS moment,
    _s.account_id AS account_id,
    '' AS survey_id,
    _s.subscription_id AS fact_id,
    _h.plan_ids[1] AS plan_id,
    toUInt8(ifNull(converted_at <= ${now}, 0)) AS is_converted,
    [concat('subscription:', _s.subscription_id)] AS entities
FROM
(
    SELECT *, assumeNotNull(trial_ended_at) AS ended_at
    FROM ${cx}.subscription
    WHERE is_test = 0 AND trial_started_at IS NOT NULL AND trial_ended_at IS NOT NULL AND trial_ended_at <= ${now}
) AS _s
ASOF LEFT JOIN
(
    SELECT account_id, subscription_id, valid_from, plan_ids FROM ${cx}.subscription_history
) AS _h ON _s.account_id = _h.account_id AND _s.subscription_id = _h.subscription_id AND _s.ended_at > _h.valid_from
