/*
comment: Days past due after which an unpaid invoice counts as not recovered, over time
columns:
  policy: dunning_days
  valid_from: From when the window holds, UTC
  days: Days past due
  policy_version: Version of the policy; empty for the default of 30 days
*/
SELECT 'dunning_days' AS policy, valid_from, least(toUInt32(value), 36500) AS days, toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'dunning_days'
UNION ALL
SELECT 'dunning_days', toDateTime64(0, 6, 'UTC'), 30, ''
