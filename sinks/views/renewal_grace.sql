/*
comment: Days of grace after the due date of a renewal, over time; until they have passed the window of its due date is maturing
columns:
  policy: renewal_grace_days
  valid_from: From when the grace holds, UTC
  days: Days after the due date in which a decision is not yet late for the window's figures
  policy_version: Version of the policy; empty for the default of 30 days
*/
SELECT
    'renewal_grace_days' AS policy,
    valid_from,
    least(toUInt32(value), 36500) AS days,
    toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'renewal_grace_days'
UNION ALL
SELECT 'renewal_grace_days', toDateTime64(0, 6, 'UTC'), 30, ''
