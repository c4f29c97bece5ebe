/*
comment: How many days what a manager says of the relationship with an account holds at most, over time
columns:
  policy: sentiment_validity_days
  valid_from: From when on judgements are given that many days, UTC
  days: Days after the judgement
  policy_version: Version of the policy; empty for the default of 90 days
*/
SELECT
    'sentiment_validity_days' AS policy,
    valid_from,
    least(toUInt32(value), 36500) AS days,
    toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'sentiment_validity_days'
UNION ALL
SELECT 'sentiment_validity_days', toDateTime64(0, 6, 'UTC'), 90, ''
