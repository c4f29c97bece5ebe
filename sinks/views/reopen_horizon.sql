/*
comment: Horizons of reopening and of repeated contact in force over time
columns:
  policy: reopen_horizon_days
  valid_from: From when the horizon holds, UTC
  days: Days after a solve within which a reopening, or the same question asked again, counts against it
  policy_version: Version of the policy; empty for the default of 7 days
*/
SELECT
    'reopen_horizon_days' AS policy,
    valid_from,
    least(toUInt32(value), 36500) AS days,
    toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'reopen_horizon_days'
UNION ALL
SELECT 'reopen_horizon_days', toDateTime64(0, 6, 'UTC'), 7, ''
